import { setTimeout } from 'node:timers/promises'
import { type EncodedBatch, type Logger, type Position, QiError, type Stream, toQiError } from '../../../lib/src/base/index.ts'

export interface TailOptions {
  readonly stream: () => Stream
  readonly topics: readonly string[]
  readonly logger: Logger
  readonly onBatch: (batch: EncodedBatch) => Promise<void>
  readonly onInterrupted: () => void
  readonly onResumed: () => void
}

const LONGEST_WAIT_MS = 5_000

/**
 * Reads what is appended from now on, for everybody who listens. After a failure it reads on from where it was, so that an
 * outage of the stream loses nothing.
 */
export class Tail {
  readonly #options: TailOptions
  readonly #stop = new AbortController()
  readonly #ready = Promise.withResolvers<void>()
  readonly #positions = new Map<string, Position>()
  readonly #finished: Promise<void>
  #interrupted = false

  constructor(options: TailOptions) {
    this.#options = options
    // Whoever started it awaits `ready`; nobody may.
    this.#ready.promise.catch(() => {})
    this.#finished = this.#run()
  }

  /** Resolves once it is known where the topics end: what is appended afterwards is read. Rejects where that cannot be found out. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Whether the stream cannot be read just now. */
  get interrupted(): boolean {
    return this.#interrupted
  }

  stop(): Promise<void> {
    this.#stop.abort()
    this.#ready.reject(new QiError('CLOSED', 'the server is stopping'))
    return this.#finished
  }

  async #run(): Promise<void> {
    const { logger, onInterrupted, onResumed } = this.#options
    const { signal } = this.#stop
    let waitMs = 100
    while (!signal.aborted) {
      try {
        await this.#findPositions()
        if (this.#interrupted) onResumed()
        this.#interrupted = false
        this.#ready.resolve()
        waitMs = 100
        await this.#read(signal)
        if (!signal.aborted) throw new QiError('UNAVAILABLE', 'the stream ended')
      } catch (failure) {
        if (signal.aborted) return
        const error = toQiError(failure)
        this.#ready.reject(error)
        if (!this.#interrupted) {
          logger.warn({ error }, `live subscriptions are interrupted: ${error.message}; the stream is tried again`)
          onInterrupted()
        }
        this.#interrupted = true
        await setTimeout(waitMs, undefined, { signal }).catch(() => {})
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { stream, topics, onBatch } = this.#options
    for await (const batch of stream().read({ topics, from: [...this.#positions.values()], signal })) {
      if (signal.aborted) return
      await onBatch(batch)
      this.#positions.set(`${batch.topic}/${batch.partition}`, batch.next)
    }
  }

  /** The ends of the topics at first; later where it was, unless that is gone. */
  async #findPositions(): Promise<void> {
    const { stream, topics } = this.#options
    for (const { name, partitions } of await stream().describeTopics(topics))
      for (const { partition, earliest, latest } of partitions) {
        const known = this.#positions.get(`${name}/${partition}`)
        const held = known && known.offset >= earliest && known.offset <= latest
        if (!held) this.#positions.set(`${name}/${partition}`, { topic: name, partition, offset: latest })
      }
  }
}
