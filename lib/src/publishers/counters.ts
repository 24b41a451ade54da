import { channel } from 'node:diagnostics_channel'
import {
  type Origin,
  PUBLISHER_CHANNEL,
  type PublisherEvent,
  type PublisherState,
  type PublisherStats,
  type QiError,
  type Trouble,
} from '../base/types/index.ts'

const events = channel(PUBLISHER_CHANNEL)

type Untagged<E> = E extends unknown ? Omit<E, 'source'> : never

/** State and counters of one publisher; changes are published on its diagnostics channel. */
export class Counters {
  readonly #source: string
  #state: PublisherState = 'idle'
  #lastError: PublisherStats['lastError'] = null
  /** By topic: appends that fail and are retried. */
  readonly #troubled = new Map<string, Trouble>()
  received = 0
  published = 0
  invalid = 0
  retried = 0
  bytes = 0
  lastRecordTime: number | null = null
  origin: Origin | null = null
  #lastAppendAt: number | null = null

  constructor(source: string) {
    this.#source = source
  }

  get state(): PublisherState {
    return this.#state === 'running' && this.#troubled.size > 0 ? 'degraded' : this.#state
  }

  get inFlight(): number {
    return this.received - this.published - this.invalid
  }

  snapshot(): PublisherStats {
    const trouble = [...this.#troubled.values()].toSorted((a, b) => a.since - b.since)[0]
    const { state, received, published, invalid, retried, bytes, inFlight, lastRecordTime, origin } = this
    return {
      source: this.#source,
      ...{ state, received, published, invalid, retried, bytes, inFlight, lastRecordTime, origin },
      lastAppendAt: this.#lastAppendAt,
      lastError: this.#lastError,
      ...(trouble && { trouble }),
    }
  }

  enter(state: PublisherState): void {
    this.#change(() => {
      this.#state = state
    })
  }

  failed(error: QiError): void {
    this.#lastError = { code: error.code, message: error.message, at: Date.now() }
  }

  retrying(topic: string, error: QiError, attempt: number, waitMs: number): void {
    this.retried++
    this.failed(error)
    this.emit({ type: 'retry', topic, attempt, waitMs, code: error.code, message: error.message })
    const trouble = { since: this.#troubled.get(topic)?.since ?? Date.now(), error, againAt: Date.now() + waitMs }
    this.#change(() => this.#troubled.set(topic, trouble))
  }

  succeeded(topic: string): void {
    this.#lastAppendAt = Date.now()
    if (this.#troubled.has(topic)) this.#change(() => this.#troubled.delete(topic))
  }

  emit(event: Untagged<PublisherEvent>): void {
    if (events.hasSubscribers) events.publish({ source: this.#source, ...event })
  }

  #change(apply: () => void): void {
    const before = this.state
    apply()
    if (this.state !== before) this.emit({ type: 'state', state: this.state })
  }
}
