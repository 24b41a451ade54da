import { type Failure, QiError, type RecordValues } from '../../types/index.ts'
import type { SeriesNumbers } from '../series/SeriesNumbers.ts'
import { SERIES, type TableSpec } from '../tables/tables.ts'
import { decimalsBytes } from './decimals.ts'
import { NUMERIC_BYTES } from './numeric.ts'
import { blame, putters } from './values.ts'

/** Binary COPY rows in one buffer: row `i` is `bytes[starts[i] .. starts[i + 1])`, made from record `records[i]`. */
export interface CopyRows {
  readonly bytes: Buffer
  readonly starts: Int32Array
  /** Index of the record that each row was made from. */
  readonly records: Int32Array
  readonly length: number
}

/** Encodes records of one table as binary COPY rows. For a table keyed by series the numbers of their series must be known. */
export class RowEncoder {
  readonly #fields: readonly {
    field: TableSpec['fields'][number]
    put: (value: never, out: Buffer, at: number) => number
    wide: boolean
  }[]
  readonly #lists: readonly TableSpec['fields'][number][]
  readonly #fixedBytes: number
  readonly #numbers: SeriesNumbers | undefined
  #out = Buffer.allocUnsafe(1 << 16)

  constructor(table: TableSpec, numbers?: SeriesNumbers) {
    this.#numbers = numbers
    this.#fields = table.fields.map((field) => ({ field, put: putters[field.kind], wide: field.kind === 'text' }))
    this.#lists = table.fields.filter(({ kind }) => kind === 'decimals')
    this.#fixedBytes = 2 + table.fields.length * (4 + NUMERIC_BYTES)
  }

  /**
   * Encodes the records with the given indexes, in that order. A record that cannot be encoded is left out and reported.
   * The rows own their buffer.
   */
  encode(records: readonly RecordValues[], indexes: Int32Array): { rows: CopyRows; failed: Failure[] } {
    const failed: Failure[] = []
    const starts = new Int32Array(indexes.length + 1)
    const kept = new Int32Array(indexes.length)
    let length = 0
    let at = 0
    for (const index of indexes) {
      try {
        at = this.#row(records[index] as RecordValues, at)
        kept[length++] = index
        starts[length] = at
      } catch (error) {
        if (!(error instanceof QiError)) throw error
        failed.push({ index, error })
        at = starts[length] as number
      }
    }
    return {
      rows: {
        bytes: Buffer.from(this.#out.subarray(0, at)),
        starts: starts.subarray(0, length + 1),
        records: kept.subarray(0, length),
        length,
      },
      failed,
    }
  }

  #row(record: RecordValues, start: number): number {
    this.#reserve(record, start)
    const out = this.#out
    out[start] = 0
    out[start + 1] = this.#fields.length
    let at = start + 2
    for (const { field, put } of this.#fields) {
      const value = field === SERIES ? this.#numberOf(record) : record[field.property]
      if (value === undefined || value === null) {
        if (!field.optional) throw new QiError('BAD_DATA', `${field.name}: missing`, { field: field.name })
        out[at] = out[at + 1] = out[at + 2] = out[at + 3] = 255 // length -1: NULL
        at += 4
        continue
      }
      let end: number
      try {
        end = put(value as never, out, at + 4)
      } catch (error) {
        throw blame(field, error)
      }
      const size = end - at - 4
      out[at] = size >> 24
      out[at + 1] = size >> 16
      out[at + 2] = size >> 8
      out[at + 3] = size
      at = end
    }
    return at
  }

  /** @throws QiError for a name that is no text, or that PostgreSQL cannot store: such a series has no number */
  #numberOf(record: RecordValues): number {
    const numbers = this.#numbers as SeriesNumbers
    const key = numbers.keyOfRecord(record) ?? ''
    const number = numbers.find(key)
    if (number !== undefined) return number
    const refusal = numbers.refusalOf(key)
    if (refusal) throw refusal
    for (const field of numbers.spec.names) {
      const value = record[field.property]
      if (value === undefined || value === null) throw new QiError('BAD_DATA', `${field.name}: missing`, { field: field.name })
      try {
        putters.text(value as never, Buffer.alloc(3 * String(value).length + 1), 0)
      } catch (error) {
        throw blame(field, error)
      }
    }
    throw new QiError('INTERNAL', 'the series of a row has no number')
  }

  /** Grows the buffer so that the row fits for certain: the field writers do not check its end. */
  #reserve(record: RecordValues, at: number): void {
    let need = this.#fixedBytes
    for (const { field, wide } of this.#fields) if (wide) need += 3 * (String(record[field.property] ?? '').length + 1)
    for (const { property } of this.#lists) need += decimalsBytes(record[property])
    if (at + need <= this.#out.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#out.length * 2, at + need))
    this.#out.copy(larger, 0, 0, at)
    this.#out = larger
  }
}

/** Rows `from` to `to`, sharing the bytes of `rows`. */
export function sliceRows(rows: CopyRows, from: number, to: number): CopyRows {
  const base = rows.starts[from] as number
  return {
    bytes: rows.bytes.subarray(base, rows.starts[to]),
    starts: rows.starts.subarray(from, to + 1).map((start) => start - base),
    records: rows.records.subarray(from, to),
    length: to - from,
  }
}

/** Joins pieces into one. */
export function joinRows(pieces: readonly CopyRows[]): CopyRows {
  if (pieces.length === 1) return pieces[0] as CopyRows
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const starts = new Int32Array(length + 1)
  const records = new Int32Array(length)
  let row = 0
  let at = 0
  for (const piece of pieces) {
    records.set(piece.records, row)
    for (let i = 0; i < piece.length; i++) starts[++row] = at + (piece.starts[i + 1] as number)
    at += piece.bytes.length
  }
  return { bytes: Buffer.concat(pieces.map((piece) => piece.bytes)), starts, records, length }
}
