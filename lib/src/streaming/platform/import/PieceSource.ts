import type { CheckResult, RecordBatch, Source } from '../../../base/types/index.ts'
import type { Gathered } from '../../../publishers/index.ts'

/**
 * A number of rows of a member as a source, so that a publisher can carry them into the stream. The reader stays open for the next piece.
 */
export class PieceSource implements Source {
  readonly name: string
  readonly #reader: AsyncIterator<Gathered>
  readonly #most: number
  readonly #passed: (batch: RecordBatch) => Promise<RecordBatch>
  #closed = false
  #next: number | undefined
  #ended = false
  #read = 0

  /** @param passed the batch as it is given on, before it is counted as read; an error of it ends the piece */
  constructor(name: string, reader: AsyncIterator<Gathered>, most: number, passed: (batch: RecordBatch) => Promise<RecordBatch>) {
    this.name = name
    this.#reader = reader
    this.#most = most
    this.#passed = passed
  }

  /** The row after the last one given; undefined if none was. */
  get next(): number | undefined {
    return this.#next
  }

  /** True once the member has no more rows. */
  get ended(): boolean {
    return this.#ended
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    while (!this.#closed && this.#read < this.#most) {
      const { value, done } = await this.#reader.next()
      if (done) {
        this.#ended = true
        return
      }
      const { batch, next } = value as Gathered
      const passed = await this.#passed(batch)
      this.#read += batch.records.length + (batch.rejected?.length ?? 0)
      this.#next = next
      yield passed
    }
  }

  async check(): Promise<CheckResult> {
    return { ok: true, summary: 'rows of a file' }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
