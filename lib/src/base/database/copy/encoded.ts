import { type EncodedBatch, type Failure, type RecordType, toQiError } from '../../types/index.ts'
import type { TableSpec } from '../tables.ts'
import { Buffers } from './buffers.ts'
import { RowGrouper } from './grouped.ts'
import { type CopyRows, RowEncoder } from './rows.ts'
import { RowScanner } from './scan/RowScanner.ts'

const ONE = new Int32Array(1)

/** Turns encoded records of one type into binary COPY rows, by the fast lane where it can and by decoding where it cannot. */
export class EncodedRows {
  readonly #type: RecordType
  readonly #scanner: RowScanner
  readonly #encoder: RowEncoder
  readonly #grouper: RowGrouper
  readonly #buffers = new Buffers()
  #slow = 0

  constructor(type: RecordType, table: TableSpec) {
    this.#type = type
    this.#scanner = new RowScanner(type, table)
    this.#encoder = new RowEncoder(table)
    this.#grouper = new RowGrouper(table)
  }

  /** How many records took the slow way so far. */
  get slow(): number {
    return this.#slow
  }

  /**
   * The rows of the batches, those of one series next to one another; a record that is none is left out and reported. The rows
   * keep their buffer until they are released.
   * @param first index of the first record; the others count on through the batches
   */
  encode(batches: readonly EncodedBatch[], first = 0): { rows: CopyRows; failed: Failure[] } {
    const failed: Failure[] = []
    const total = batches.reduce((sum, batch) => sum + batch.length, 0)
    const starts = new Int32Array(total + 1)
    const records = new Int32Array(total)
    const { cursor, rowBytes } = this.#scanner
    let length = 0
    let index = first
    cursor.to = 0
    for (const batch of batches) {
      const { spans } = batch
      cursor.read(batch.bytes)
      for (let i = 0; i < batch.length; i++, index++) {
        cursor.reserve(rowBytes)
        if (!this.#scanner.scan(spans[2 * i] as number, spans[2 * i + 1] as number) && !this.#slowly(batch, i, index, failed))
          continue
        records[length++] = index
        starts[length] = cursor.to
      }
    }
    const out = this.#buffers.take(cursor.to)
    return { rows: this.#grouper.group(out.subarray(0, cursor.to), cursor.out, starts, records, length), failed }
  }

  /** Nobody reads these rows any more: their buffer may be used again. */
  release(rows: CopyRows): void {
    this.#buffers.give(rows.bytes)
  }

  /** By way of the decoded record: it decides, and words what is wrong. */
  #slowly(batch: EncodedBatch, i: number, index: number, failed: Failure[]): boolean {
    this.#slow++
    const { cursor } = this.#scanner
    try {
      const { rows, failed: refused } = this.#encoder.encode([this.#type.decode(batch.value(i))], ONE)
      if (refused[0]) throw refused[0].error
      cursor.reserve(rows.bytes.length)
      rows.bytes.copy(cursor.out, cursor.to)
      cursor.to += rows.bytes.length
      return true
    } catch (error) {
      failed.push({ index, error: toQiError(error) })
      return false
    }
  }
}
