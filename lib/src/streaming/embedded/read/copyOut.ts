import type pg from 'pg'
import type { PoolClient } from '../../../base/database/index.ts'
import { QiError } from '../../../base/types/index.ts'

/** A row in binary, its columns as positions in `bytes`. Valid only while the callback runs. */
export interface BinaryRow {
  readonly bytes: Buffer
  /** Start and end of each column, in pairs. */
  readonly columns: readonly number[]
}

type OnRow = (row: BinaryRow) => void

/**
 * Runs a query as a binary COPY and calls `onRow` with each row. `pg` reads rows as text, which doubles a bytea and makes a string
 * of it; a binary COPY passes the bytes through.
 */
export function copyOut(client: PoolClient, query: string, onRow: OnRow): Promise<void> {
  return new Promise((resolve, reject) =>
    client.query(new CopyOut(`copy (${query}) to stdout (format binary)`, onRow, resolve, reject)),
  )
}

const SIGNATURE = 11
const HEADER = SIGNATURE + 8

/** The part of `pg`'s query protocol that a COPY TO needs. */
class CopyOut implements pg.Submittable {
  readonly #text: string
  readonly #onRow: OnRow
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  #started = false
  #failure: unknown

  constructor(text: string, onRow: OnRow, resolve: () => void, reject: (error: unknown) => void) {
    this.#text = text
    this.#onRow = onRow
    this.#resolve = resolve
    this.#reject = reject
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text)
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.#failure) return
    try {
      this.#rows(chunk)
    } catch (error) {
      this.#failure = error
    }
  }

  /** Each message is one row; the first also has the header in front. */
  #rows(chunk: Buffer): void {
    let at = 0
    if (!this.#started) {
      this.#started = true
      at = HEADER + chunk.readInt32BE(SIGNATURE + 4)
    }
    while (at < chunk.length) {
      const count = chunk.readInt16BE(at)
      at += 2
      if (count < 0) return
      const columns: number[] = []
      for (let i = 0; i < count; i++) {
        const length = chunk.readInt32BE(at)
        at += 4
        columns.push(at, at + Math.max(length, 0))
        at += Math.max(length, 0)
      }
      if (at > chunk.length) throw new QiError('INTERNAL', 'a row of a binary COPY is truncated')
      this.#onRow({ bytes: chunk, columns })
    }
  }

  handleError(error: unknown): void {
    this.#reject(error)
  }
  handleReadyForQuery(): void {
    if (this.#failure) this.#reject(this.#failure)
    else this.#resolve()
  }
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
}
