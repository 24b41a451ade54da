import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, Linger } from '../base/networking/index.ts'

export interface BatchLimits {
  readonly maxItems: number
  readonly maxBytes: number
}

interface Batch<T> {
  readonly items: T[]
  bytes: number
}

export type Send<T> = (items: readonly T[], bytes: number) => Promise<void>

/**
 * Gathers the messages of one topic into batches and sends one batch at a time, in the order of adding. When idle it sends at once all
 * that was added in the same turn of the event loop; otherwise a small batch waits as {@link Linger} says.
 */
export class TopicBatcher<T> {
  readonly #send: Send<T>
  readonly #limits: BatchLimits
  readonly #clock: Clock
  readonly #linger: Linger
  readonly #full: Batch<T>[] = []
  #open: Batch<T> = { items: [], bytes: 0 }
  #sending: Promise<void> | undefined
  #waiting: AbortController | undefined
  #flushing = false

  /** @param send an error of it is final: {@link flush} throws it, and nothing more is sent */
  constructor(send: Send<T>, limits: BatchLimits, clock: Clock) {
    this.#send = send
    this.#limits = limits
    this.#clock = clock
    this.#linger = new Linger(clock)
  }

  add(item: T, bytes: number): void {
    const { maxItems, maxBytes } = this.#limits
    if (this.#open.items.length > 0 && this.#open.bytes + bytes > maxBytes) this.#seal()
    this.#open.items.push(item)
    this.#open.bytes += bytes
    if (this.#open.items.length >= maxItems) this.#seal()
    if (!this.#sending) {
      this.#sending = this.#run()
      // flush() throws the failure; `send` has reported it already.
      this.#sending.catch(() => {})
    }
  }

  /** Sends what was added without lingering; returns when it is sent. */
  async flush(): Promise<void> {
    this.#flushing = true
    this.#waiting?.abort()
    while (this.#sending) await this.#sending
  }

  #seal(): void {
    this.#full.push(this.#open)
    this.#open = { items: [], bytes: 0 }
    this.#waiting?.abort()
  }

  async #run(): Promise<void> {
    await nextTurn()
    while (this.#full.length > 0 || this.#open.items.length > 0) {
      if (this.#full.length === 0) await this.#wait()
      if (this.#full.length === 0) this.#seal()
      const { items, bytes } = this.#full.shift() as Batch<T>
      const done = this.#linger.begin()
      await this.#send(items, bytes)
      done()
    }
    this.#sending = undefined
  }

  /** Lets a small batch grow: returns when its linger time is over, it is full, or flush() is called. */
  async #wait(): Promise<void> {
    const { ms } = this.#linger
    if (this.#flushing || ms === 0) return
    this.#waiting = new AbortController()
    await this.#clock.sleep(ms, this.#waiting.signal).catch(() => {})
    this.#waiting = undefined
  }
}
