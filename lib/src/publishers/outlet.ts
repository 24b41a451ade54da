import { abortable, type Clock, retry } from '../base/networking/index.ts'
import { countOf, type Logger, type Message, type QiError, type Stream, toQiError } from '../base/types/index.ts'
import { type DeadLetter, DeadLetters, deadLetterTopic } from '../streaming/pipelines/index.ts'
import type { Counters } from './counters.ts'
import { type BatchLimits, TopicBatcher } from './TopicBatcher.ts'

/** A message with the time of its record. */
export interface Outgoing extends Message {
  readonly value: string
  readonly time: number
}

export interface OutletParts {
  readonly source: string
  readonly stream: Stream
  readonly logger: Logger
  readonly counters: Counters
  readonly limits: BatchLimits
  readonly retry: { readonly baseMs: number; readonly maxMs: number }
  readonly clock: Clock
  /** Abandons the appends in flight. */
  readonly halt: AbortSignal
  /** Called after each append. */
  readonly onProgress: () => void
  /** Called when an append fails for good. */
  readonly onFailure: (error: QiError) => void
}

/** The way of a publisher's messages into the stream: a batcher for each topic and each dead-letter topic; appends are retried until durable. */
export class Outlet {
  readonly #parts: OutletParts
  readonly #deadLetters: DeadLetters
  readonly #records = new Map<string, TopicBatcher<Outgoing>>()
  readonly #topics = new Set<string>()
  readonly #letters = new Map<string, TopicBatcher<DeadLetter>>()

  constructor(parts: OutletParts) {
    this.#parts = parts
    this.#deadLetters = new DeadLetters(parts.stream)
  }

  /** The batcher of a topic's records, for the caller to add to. */
  records(topic: string): TopicBatcher<Outgoing> {
    let batcher = this.#records.get(topic)
    if (!batcher) {
      const { limits, clock } = this.#parts
      batcher = new TopicBatcher((items, bytes) => this.#append(topic, items, bytes), limits, clock)
      this.#records.set(topic, batcher)
    }
    return batcher
  }

  addLetter(letter: DeadLetter): void {
    const { topic, value } = letter
    let batcher = this.#letters.get(topic)
    if (!batcher) {
      const { limits, clock } = this.#parts
      batcher = new TopicBatcher((items) => this.#appendLetters(topic, items), limits, clock)
      this.#letters.set(topic, batcher)
    }
    batcher.add(letter, value.length)
  }

  /** Returns when all that was added is durable. @throws QiError of the first batcher that failed, after the others are done */
  async flush(): Promise<void> {
    const results = await Promise.allSettled(
      [...this.#records.values(), ...this.#letters.values()].map((batcher) => batcher.flush()),
    )
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async #append(topic: string, items: readonly Outgoing[], bytes: number): Promise<void> {
    const { stream, counters, halt } = this.#parts
    const started = performance.now()
    await this.#retryForever(topic, async () => {
      // A platform has created the topics already; a publisher without one has to.
      if (!this.#topics.has(topic)) await stream.createTopics([topic])
      this.#topics.add(topic)
      await stream.append(topic, items, { signal: halt })
    })
    counters.lastRecordTime = items.reduce(
      (latest, item) => Math.max(latest, item.time),
      counters.lastRecordTime ?? Number.NEGATIVE_INFINITY,
    )
    counters.published += items.length
    counters.bytes += bytes
    counters.emit({ type: 'appended', topic, records: items.length, bytes, ms: performance.now() - started })
    this.#parts.onProgress()
  }

  async #appendLetters(topic: string, letters: readonly DeadLetter[]): Promise<void> {
    const { counters, halt, logger } = this.#parts
    const started = performance.now()
    await this.#retryForever(deadLetterTopic(topic), () => this.#deadLetters.put(letters, { signal: halt }))
    counters.invalid += letters.length
    counters.emit({ type: 'dead-lettered', topic, records: letters.length, ms: performance.now() - started })
    logger.warn(
      { topic, records: letters.length, reason: letters[0]?.reason },
      `${countOf(letters.length, 'invalid record')} put into ${deadLetterTopic(topic)}`,
    )
    this.#parts.onProgress()
  }

  async #retryForever(topic: string, append: () => Promise<unknown>): Promise<void> {
    const { counters, clock, halt, logger } = this.#parts
    try {
      await retry(() => abortable(append(), halt), {
        ...this.#parts.retry,
        attempts: Number.POSITIVE_INFINITY,
        totalMs: Number.POSITIVE_INFINITY,
        signal: halt,
        clock,
        onRetry: ({ error, attempt, waitMs }) => {
          counters.retrying(topic, error, attempt, waitMs)
          logger.warn(
            { topic, err: error, attempt, waitMs },
            `append to ${topic} failed: ${error.message}; retried in ${Math.round(waitMs)} ms`,
          )
        },
      })
      counters.succeeded(topic)
    } catch (error) {
      const failure = toQiError(error)
      if (!halt.aborted) {
        counters.failed(failure)
        this.#parts.onFailure(failure)
      }
      throw failure
    }
  }
}
