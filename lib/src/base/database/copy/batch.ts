import type { Failure, RecordValues } from '../../types/index.ts'
import { type CopyRows, joinRows, type RowEncoder } from './rows.ts'

/** Rows encoded before they are sent; few, so that the server does not wait for the encoder. */
export const PIECE = 2000

/** Whole rows, back to back. */
export type RowPiece = Pick<CopyRows, 'bytes'>

/** COPY rows of a batch, as a writer reads them: piece by piece, or all at once. */
export interface RowSource {
  readonly length: number
  /** Each call starts at the first row. */
  pieces(): Iterable<RowPiece>
  all(): CopyRows
}

/** Encodes records as COPY rows while they are sent; each is encoded once. */
export class LazyRows implements RowSource {
  /** Records that could not be encoded; complete after all pieces were read. */
  readonly failed: Failure[] = []
  readonly length: number
  readonly #encoder: RowEncoder
  readonly #records: readonly RecordValues[]
  readonly #order: Int32Array
  readonly #encoded: CopyRows[] = []
  #next = 0

  constructor(encoder: RowEncoder, records: readonly RecordValues[], order: Int32Array) {
    this.#encoder = encoder
    this.#records = records
    this.#order = order
    this.length = order.length
  }

  *pieces(): Generator<RowPiece> {
    for (let i = 0; i < this.#encoded.length || this.#next < this.#order.length; i++) {
      if (i === this.#encoded.length) this.#encodeNext()
      yield this.#encoded[i] as CopyRows
    }
  }

  all(): CopyRows {
    while (this.#next < this.#order.length) this.#encodeNext()
    return joinRows(this.#encoded)
  }

  #encodeNext(): void {
    const order = this.#order.subarray(this.#next, this.#next + PIECE)
    this.#next += order.length
    const { rows, failed } = this.#encoder.encode(this.#records, order)
    this.#encoded.push(rows)
    this.failed.push(...failed)
  }
}

/** A source of rows that are encoded already. */
export const readyRows = (rows: CopyRows): RowSource => ({ length: rows.length, pieces: () => [rows], all: () => rows })
