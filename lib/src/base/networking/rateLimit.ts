import { QiError, type RateBudget, type RateLimit } from '../types/index.ts'
import { type Clock, systemClock, throwIfAborted } from './clock.ts'
import { publishNetworkEvent } from './events.ts'
import { MAX_PENALTY_MS } from './http/retryAfter.ts'
import { Mutex } from './Mutex.ts'

export interface SlidingWindowOptions {
  /** Most weight granted in any window. */
  readonly limit: number
  /** Default one minute. */
  readonly windowMs?: number
  /**
   * Added to the window, because the peer counts arrivals and not grants: a delayed call must not fall into one window with calls granted a
   * window later. Default one second.
   */
  readonly slackMs?: number
  readonly clock?: Clock
  /** Name of the peer in published events. */
  readonly peer?: string
}

/** After a penalty the others wait behind the first call for as long as the penalty lasted, at most this, in milliseconds. */
const LONGEST_PROBE_MS = 15_000

/** A rate limit for one process that holds in every sliding window. */
export class SlidingWindowLimit implements RateLimit {
  readonly limit: number
  readonly #windowMs: number
  readonly #clock: Clock
  readonly #granted: { readonly at: number; readonly weight: number }[] = []
  #used = 0
  #blockedUntil = Number.NEGATIVE_INFINITY
  #penaltyBy: string | undefined
  /** How long the others wait behind the first call after a penalty. */
  #probeGap: number | undefined
  #resumeAt = Number.NEGATIVE_INFINITY
  readonly #peer: string
  readonly #mutex = new Mutex()

  constructor(options: SlidingWindowOptions) {
    if (!(options.limit > 0)) throw new QiError('BAD_REQUEST', `a rate limit of ${options.limit} would never let a call through`)
    this.limit = options.limit
    this.#windowMs = (options.windowMs ?? 60_000) + (options.slackMs ?? 1000)
    this.#clock = options.clock ?? systemClock
    this.#peer = options.peer ?? 'a peer'
  }

  async acquire(weight: number, signal?: AbortSignal): Promise<void> {
    if (!(weight > 0) || weight > this.limit)
      throw new QiError('BAD_REQUEST', `a call of weight ${weight} does not fit a limit of ${this.limit}`)
    throwIfAborted(signal)
    await this.#mutex.run(async () => {
      for (let wait = this.#waitMs(weight); wait > 0; wait = this.#waitMs(weight)) {
        publishNetworkEvent({ type: 'limit-wait', peer: this.#peer, ms: wait })
        await this.#clock.sleep(wait, signal)
      }
      const now = this.#clock.now()
      if (this.#probeGap !== undefined) this.#resumeAt = now + this.#probeGap
      this.#probeGap = undefined
      this.#granted.push({ at: now, weight })
      this.#used += weight
    }, signal)
  }

  penalize(retryAfterMs: number, by?: string): void {
    if (!(retryAfterMs > 0)) return
    const ms = Math.min(retryAfterMs, MAX_PENALTY_MS)
    publishNetworkEvent({ type: 'limit-penalty', peer: this.#peer, ms })
    const now = this.#clock.now()
    if (now + ms > this.#blockedUntil) this.#penaltyBy = by
    this.#blockedUntil = Math.max(this.#blockedUntil, now + ms)
    this.#probeGap = Math.min(this.#blockedUntil - now, LONGEST_PROBE_MS)
  }

  async budget(): Promise<RateBudget> {
    const now = this.#clock.now()
    this.#forget(now)
    const penaltyMs = Math.max(0, this.#blockedUntil - now)
    const free = penaltyMs > 0 || this.#resumeAt > now ? 0 : this.limit - this.#used
    const by = this.#penaltyBy
    return {
      limit: this.limit,
      windowMs: this.#windowMs,
      free,
      penaltyMs,
      ...(penaltyMs > 0 && by !== undefined && { penaltyBy: by }),
    }
  }

  #forget(now: number): void {
    while (this.#granted[0] && this.#granted[0].at + this.#windowMs <= now) this.#used -= this.#granted.shift()?.weight ?? 0
  }

  #waitMs(weight: number): number {
    const now = this.#clock.now()
    this.#forget(now)
    let wait = Math.max(0, this.#blockedUntil - now, this.#resumeAt - now)
    let excess = this.#used + weight - this.limit
    for (const grant of this.#granted) {
      if (excess <= 0) break
      excess -= grant.weight
      wait = Math.max(wait, grant.at + this.#windowMs - now)
    }
    return wait
  }
}
