import { type EncodedBatch, type Failure, type RecordType, toQiError } from '../../types/index.ts'
import type { TableSpec } from '../tables.ts'
import { Buffers } from './buffers.ts'
import { orderByKey } from './order.ts'
import { type CopyRows, RowEncoder } from './rows.ts'
import { ScanSource } from './scan/cursor.ts'
import { RowScanner } from './scan/RowScanner.ts'

const ONE = new Int32Array(1)

/** Turns encoded records of one type into binary COPY rows, by the fast lane where it can and by decoding where it cannot. */
export class EncodedRows {
  readonly #type: RecordType
  readonly #scanner: RowScanner
  readonly #encoder: RowEncoder
  readonly #buffers = new Buffers()
  #slow = 0

  constructor(type: RecordType, table: TableSpec) {
    this.#type = type
    this.#scanner = new RowScanner(type, table)
    this.#encoder = new RowEncoder(table)
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
    const order = orderByKey(batches)
    const starts = new Int32Array(order.length + 1)
    const records = new Int32Array(order.length)
    const sources = batches.map((batch) => new ScanSource(batch.bytes))
    const { cursor, rowBytes } = this.#scanner
    const firsts: number[] = []
    for (let b = 0, at = first; b < batches.length; b++) {
      firsts.push(at)
      at += (batches[b] as EncodedBatch).length
    }
    let length = 0
    cursor.write(this.#buffers.take())
    for (let at = 0; at < order.length; at++) {
      const b = order.batches[at] as number
      const i = order.indexes[at] as number
      const batch = batches[b] as EncodedBatch
      const index = (firsts[b] as number) + i
      cursor.read(sources[b] as ScanSource)
      cursor.reserve(rowBytes)
      const { spans } = batch
      if (!this.#scanner.scan(spans[2 * i] as number, spans[2 * i + 1] as number) && !this.#slowly(batch, i, index, failed))
        continue
      records[length++] = index
      starts[length] = cursor.to
    }
    return { rows: { bytes: cursor.out.subarray(0, cursor.to), starts, records, length }, failed }
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
