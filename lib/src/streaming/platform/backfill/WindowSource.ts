import type { CheckResult, HistoryType, Micros, RecordBatch, Source } from '../../../base/index.ts'
import type { Arrivals } from './Arrivals.ts'

/** One window of history as a source, so that it goes the way of all records. */
export class WindowSource implements Source {
  readonly name: string
  readonly #batches: (signal: AbortSignal) => AsyncIterable<RecordBatch>
  readonly #type: HistoryType
  readonly #arrivals: Arrivals
  readonly #closing = new AbortController()

  constructor(name: string, type: HistoryType, arrivals: Arrivals, batches: (signal: AbortSignal) => AsyncIterable<RecordBatch>) {
    this.name = name
    this.#type = type
    this.#arrivals = arrivals
    this.#batches = batches
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    const { signal } = this.#closing
    try {
      for await (const batch of this.#batches(signal)) {
        yield batch
        if (batch.type.name === this.#type) for (const record of batch.records) this.#arrivals.add(record.time as Micros)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async check(): Promise<CheckResult> {
    return { ok: true, summary: 'a window of history' }
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
