import { abortable, type Clock, type Logger, type Message, type QiError, retry, type Stream, toQiError } from '../base/index.ts'
import { type DeadLetter, DeadLetters, deadLetterTopic } from '../streaming/pipelines/index.ts'
import type { Counters } from './counters.ts'
import { Lane, type LaneLimits } from './lane.ts'

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
  readonly limits: LaneLimits
  readonly retry: { readonly baseMs: number; readonly maxMs: number }
  readonly clock: Clock
  /** Gives up what is on its way. */
  readonly halt: AbortSignal
  /** Told after each append, and of the failure that no repetition mends. */
  readonly onProgress: () => void
  readonly onFailure: (error: QiError) => void
}

/** Everything between a publisher and the stream: a lane for each topic and each dead-letter topic, repeated until durable. */
export class Outlet {
  readonly #parts: OutletParts
  readonly #deadLetters: DeadLetters
  readonly #records = new Map<string, Lane<Outgoing>>()
  readonly #topics = new Set<string>()
  readonly #letters = new Map<string, Lane<DeadLetter>>()

  constructor(parts: OutletParts) {
    this.#parts = parts
    this.#deadLetters = new DeadLetters(parts.stream)
  }

  /** The lane of a topic, for the caller to add to. */
  records(topic: string): Lane<Outgoing> {
    let lane = this.#records.get(topic)
    if (!lane) {
      const { limits, clock } = this.#parts
      lane = new Lane((items, bytes) => this.#append(topic, items, bytes), limits, clock)
      this.#records.set(topic, lane)
    }
    return lane
  }

  addLetter(letter: DeadLetter): void {
    const { topic, value } = letter
    let lane = this.#letters.get(topic)
    if (!lane) {
      const { limits, clock } = this.#parts
      lane = new Lane((items) => this.#bury(topic, items), limits, clock)
      this.#letters.set(topic, lane)
    }
    lane.add(letter, value.length)
  }

  /** Returns when all that was added is durable. @throws QiError of the first lane that failed, after the others are done */
  async flush(): Promise<void> {
    const results = await Promise.allSettled([...this.#records.values(), ...this.#letters.values()].map((lane) => lane.flush()))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async #append(topic: string, items: readonly Outgoing[], bytes: number): Promise<void> {
    const { stream, counters, halt } = this.#parts
    const started = performance.now()
    await this.#untilDurable(topic, async () => {
      // The platform has made the topics, with its number of partitions: this is for a publisher on its own.
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
    counters.tell({ type: 'appended', topic, records: items.length, bytes, ms: performance.now() - started })
    this.#parts.onProgress()
  }

  async #bury(topic: string, letters: readonly DeadLetter[]): Promise<void> {
    const { counters, halt, logger } = this.#parts
    const started = performance.now()
    await this.#untilDurable(deadLetterTopic(topic), () => this.#deadLetters.put(letters, { signal: halt }))
    counters.invalid += letters.length
    counters.tell({ type: 'dead-lettered', topic, records: letters.length, ms: performance.now() - started })
    logger.warn(
      { topic, records: letters.length, reason: letters[0]?.reason },
      `${letters.length} invalid, set aside in ${deadLetterTopic(topic)}`,
    )
    this.#parts.onProgress()
  }

  async #untilDurable(topic: string, append: () => Promise<unknown>): Promise<void> {
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
            { topic, error, attempt, waitMs },
            `append to ${topic} failed (${error.message}); repeated in ${Math.round(waitMs)} ms`,
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
