import { setImmediate as turn } from 'node:timers/promises'
import { type Clock, Linger } from '../base/index.ts'

export interface LaneLimits {
  readonly maxItems: number
  readonly maxBytes: number
}

interface Batch<T> {
  readonly items: T[]
  bytes: number
}

export type Send<T> = (items: readonly T[], bytes: number) => Promise<void>

/**
 * The way into one topic: gathers what is added into batches and sends them one after another, in the order of adding. An idle lane
 * sends at once what the same turn adds; see {@link Linger} for the others.
 */
export class Lane<T> {
  readonly #send: Send<T>
  readonly #limits: LaneLimits
  readonly #clock: Clock
  readonly #linger: Linger
  readonly #full: Batch<T>[] = []
  #open: Batch<T> = { items: [], bytes: 0 }
  #work: Promise<void> | undefined
  #waiting: AbortController | undefined
  #hurry = false

  /** @param send what it throws ends the lane: {@link flush} throws it, and nothing more is sent */
  constructor(send: Send<T>, limits: LaneLimits, clock: Clock) {
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
    if (!this.#work) {
      this.#work = this.#run()
      // Whoever flushes sees the failure; `send` told the publisher of it already.
      this.#work.catch(() => {})
    }
  }

  /** Sends what was added without waiting for company, and returns when it is sent. */
  async flush(): Promise<void> {
    this.#hurry = true
    this.#waiting?.abort()
    while (this.#work) await this.#work
  }

  #seal(): void {
    this.#full.push(this.#open)
    this.#open = { items: [], bytes: 0 }
    this.#waiting?.abort()
  }

  async #run(): Promise<void> {
    // What is added in the same turn comes along.
    await turn()
    while (this.#full.length > 0 || this.#open.items.length > 0) {
      if (this.#full.length === 0) await this.#gather()
      if (this.#full.length === 0) this.#seal()
      const { items, bytes } = this.#full.shift() as Batch<T>
      const done = this.#linger.begin()
      await this.#send(items, bytes)
      done()
    }
    this.#work = undefined
  }

  /** Waits for company until a small batch is due. */
  async #gather(): Promise<void> {
    const { ms } = this.#linger
    if (this.#hurry || ms === 0) return
    this.#waiting = new AbortController()
    await this.#clock.sleep(ms, this.#waiting.signal).catch(() => {})
    this.#waiting = undefined
  }
}
