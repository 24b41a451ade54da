import type { TableSpec } from '../tables.ts'
import type { CopyRows } from './rows.ts'

/** Leading columns of a key that tell a series; a third would be as many groups as rows in a table of trades. */
const COLUMNS = 2
const BUCKETS = 4096
/** Fewer rows than this reach as many leaves of the index in any order. */
const FEW_ROWS = 64

/**
 * Puts rows with the same leading key columns next to one another, each group in order of arrival. Neighbouring rows then go to
 * the same leaf of the index, which saves the server a fifth of its work. Groups whose hashes meet are mixed, which harms nothing.
 */
export class RowGrouper {
  /** Columns to read, and which of them count, up to the last that does. */
  readonly #counts: readonly boolean[]
  readonly #first = new Int32Array(BUCKETS)
  readonly #last = new Int32Array(BUCKETS)
  readonly #buckets = new Int32Array(BUCKETS)
  #next = new Int32Array(1 << 15)

  constructor(table: TableSpec) {
    const kindOf = (name: string) => table.fields.find((field) => field.name === name)?.kind
    const leading = table.key.slice(0, COLUMNS).filter((name) => kindOf(name) === 'text')
    const counts = table.fields.map((field) => leading.includes(field.name))
    this.#counts = counts.slice(0, counts.lastIndexOf(true) + 1)
  }

  /**
   * The rows in their new order.
   * @param out where they go; as long as all of them
   * @param bytes the rows, one after another
   * @param starts where each begins, and the last ends
   * @param records the index of the record that each was made from
   */
  group(out: Buffer, bytes: Buffer, starts: Int32Array, records: Int32Array, length: number): CopyRows {
    const end = starts[length] as number
    if (length < FEW_ROWS) {
      bytes.copy(out, 0, 0, end)
      return { bytes: out, starts: starts.slice(0, length + 1), records: records.slice(0, length), length }
    }
    const used = this.#chain(bytes, starts, length)
    const newStarts = new Int32Array(length + 1)
    const newRecords = new Int32Array(length)
    let at = 0
    let row = 0
    for (let b = 0; b < used; b++) {
      for (let from = this.#first[this.#buckets[b] as number] as number; from >= 0; from = this.#next[from] as number) {
        const stop = starts[from + 1] as number
        for (let i = starts[from] as number; i < stop; i++) out[at++] = bytes[i] as number
        newRecords[row++] = records[from] as number
        newStarts[row] = at
      }
    }
    return { bytes: out, starts: newStarts, records: newRecords, length }
  }

  /** Strings the rows of each bucket together; how many buckets are in use. */
  #chain(bytes: Buffer, starts: Int32Array, length: number): number {
    if (this.#next.length < length) this.#next = new Int32Array(length * 2)
    const first = this.#first.fill(-1)
    const last = this.#last
    const next = this.#next
    let used = 0
    for (let row = 0; row < length; row++) {
      const bucket = this.#hash(bytes, (starts[row] as number) + 2)
      if (first[bucket] === -1) {
        first[bucket] = row
        this.#buckets[used++] = bucket
      } else next[last[bucket] as number] = row
      last[bucket] = row
      next[row] = -1
    }
    return used
  }

  #hash(bytes: Buffer, start: number): number {
    const counts = this.#counts
    let hash = 0x811c9dc5
    let at = start
    for (let column = 0; column < counts.length; column++) {
      // Lengths of texts are short of 2^31; -1 is NULL.
      const size = (bytes[at] as number) === 255 ? 0 : ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
      at += 4
      const stop = at + size
      if (counts[column]) for (; at < stop; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
      at = stop
    }
    return (hash ^ (hash >>> 15)) & (BUCKETS - 1)
  }
}
