import type { CheckResult, RecordBatch, Source } from '../../lib/src/base/types/index.ts'

/** A source that a test feeds by hand; it counts what was pulled. */
export class QueueSource implements Source {
  readonly name = 'queue'
  readonly #batches: RecordBatch[] = []
  #ended = false
  #failure: Error | undefined
  #change = Promise.withResolvers<void>()
  pulls = 0
  closed = 0

  push(...batches: RecordBatch[]): this {
    this.#batches.push(...batches)
    return this.#changed()
  }

  end(failure?: Error): this {
    this.#ended = true
    this.#failure = failure
    return this.#changed()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    for (;;) {
      this.pulls++
      while (this.#batches.length === 0 && !this.#ended && !this.closed) await this.#change.promise
      const batch = this.closed ? undefined : this.#batches.shift()
      if (batch) yield batch
      else if (this.#failure) throw this.#failure
      else return
    }
  }

  async check(): Promise<CheckResult> {
    return { ok: true, summary: 'fed by hand' }
  }

  async close(): Promise<void> {
    this.closed++
    this.#changed()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #changed(): this {
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
    return this
  }
}
