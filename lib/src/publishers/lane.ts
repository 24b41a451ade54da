import type { Clock } from '../base/index.ts'

export interface LaneLimits {
  readonly maxItems: number
  readonly maxBytes: number
  readonly lingerMs: number
}

interface Batch<T> {
  readonly items: T[]
  bytes: number
}

export type Send<T> = (items: readonly T[], bytes: number) => Promise<void>

/** The way into one topic: gathers what is added into batches and sends them one after another, in the order of adding. */
export class Lane<T> {
  readonly #send: Send<T>
  readonly #limits: LaneLimits
  readonly #clock: Clock
  readonly #full: Batch<T>[] = []
  #open: Batch<T> = { items: [], bytes: 0 }
  #work: Promise<void> | undefined
  #lingering: AbortController | undefined
  #hurry = false

  /** @param send what it throws ends the lane: {@link flush} throws it, and nothing more is sent */
  constructor(send: Send<T>, limits: LaneLimits, clock: Clock) {
    this.#send = send
    this.#limits = limits
    this.#clock = clock
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

  /** Sends what was added without lingering, and returns when it is sent. */
  async flush(): Promise<void> {
    this.#hurry = true
    this.#lingering?.abort()
    while (this.#work) await this.#work
  }

  #seal(): void {
    this.#full.push(this.#open)
    this.#open = { items: [], bytes: 0 }
    this.#lingering?.abort()
  }

  async #run(): Promise<void> {
    // What is added in the same turn comes along.
    await null
    while (this.#full.length > 0 || this.#open.items.length > 0) {
      if (this.#full.length === 0) await this.#linger()
      if (this.#full.length === 0) this.#seal()
      const { items, bytes } = this.#full.shift() as Batch<T>
      await this.#send(items, bytes)
    }
    this.#work = undefined
  }

  async #linger(): Promise<void> {
    if (this.#hurry || this.#limits.lingerMs <= 0) return
    this.#lingering = new AbortController()
    await this.#clock.sleep(this.#limits.lingerMs, this.#lingering.signal).catch(() => {})
    this.#lingering = undefined
  }
}
