import { QiError } from '../types/index.ts'
import { abortable, type Clock, systemClock, throwIfAborted } from './clock.ts'

/** Permission to call a peer that counts calls. Every caller that uses one key shares one of these. */
export interface RateLimit {
  /**
   * Waits until a call of this weight may be made, first come first served.
   * @throws QiError CANCELLED or TIMEOUT when the signal is aborted while waiting; BAD_REQUEST when the weight can never be granted
   */
  acquire(weight: number, signal?: AbortSignal): Promise<void>
  /** The peer asked to be left alone for so long: nobody gets a permit until then. */
  penalize(retryAfterMs: number): void
}

export interface SlidingWindowOptions {
  /** The most weight granted in any window. */
  readonly limit: number
  /** Default one minute. */
  readonly windowMs?: number
  /**
   * Added to the window, since the peer counts when calls arrive and not when they were granted: a call that was held up on its
   * way must not fall into one window with those granted a window later. Default one second.
   */
  readonly slackMs?: number
  readonly clock?: Clock
}

/** A limit for one process that holds in every sliding window, not only in those that start on the minute. */
export class SlidingWindowLimit implements RateLimit {
  readonly limit: number
  readonly #windowMs: number
  readonly #clock: Clock
  readonly #granted: { readonly at: number; readonly weight: number }[] = []
  #used = 0
  #blockedUntil = Number.NEGATIVE_INFINITY
  #tail: Promise<void> = Promise.resolve()

  constructor(options: SlidingWindowOptions) {
    if (!(options.limit > 0)) throw new QiError('BAD_REQUEST', `a rate limit of ${options.limit} would never let a call through`)
    this.limit = options.limit
    this.#windowMs = (options.windowMs ?? 60_000) + (options.slackMs ?? 1000)
    this.#clock = options.clock ?? systemClock
  }

  async acquire(weight: number, signal?: AbortSignal): Promise<void> {
    if (!(weight > 0) || weight > this.limit)
      throw new QiError('BAD_REQUEST', `a call of weight ${weight} does not fit a limit of ${this.limit}`)
    throwIfAborted(signal)
    const before = this.#tail
    const turn = Promise.withResolvers<void>()
    this.#tail = turn.promise
    try {
      await abortable(before, signal)
      for (let wait = this.#waitMs(weight); wait > 0; wait = this.#waitMs(weight)) await this.#clock.sleep(wait, signal)
      this.#granted.push({ at: this.#clock.now(), weight })
      this.#used += weight
    } finally {
      // Who gives up while queueing passes the turn on, but only once it is theirs.
      void before.then(turn.resolve)
    }
  }

  penalize(retryAfterMs: number): void {
    if (retryAfterMs > 0) this.#blockedUntil = Math.max(this.#blockedUntil, this.#clock.now() + retryAfterMs)
  }

  #waitMs(weight: number): number {
    const now = this.#clock.now()
    while (this.#granted[0] && this.#granted[0].at + this.#windowMs <= now) this.#used -= this.#granted.shift()?.weight ?? 0
    let wait = Math.max(0, this.#blockedUntil - now)
    let excess = this.#used + weight - this.limit
    for (const grant of this.#granted) {
      if (excess <= 0) break
      excess -= grant.weight
      wait = Math.max(wait, grant.at + this.#windowMs - now)
    }
    return wait
  }
}
