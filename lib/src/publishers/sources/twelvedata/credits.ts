import { type Clock, Mutex, SlidingWindowLimit, systemClock } from '../../../base/networking/index.ts'
import type { RateBudget, RateLimit, RateLimits } from '../../../base/types/index.ts'

export interface CreditsOptions {
  readonly perMinute: number
  /** Undefined: no limit. */
  readonly perDay?: number | undefined
  /** The windows in milliseconds. Default: one minute, and 24 hours. */
  readonly minuteMs?: number | undefined
  readonly dayMs?: number | undefined
  /** Gives the limit that all users of the key share. Default: limits of this process. */
  readonly shared?: ((limits: RateLimits) => RateLimit) | undefined
  readonly clock?: Clock | undefined
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Share of the day that a permit of it may wait for one of the minute: five minutes of 24 hours. */
const WAITS = 1 / 288

/**
 * The credits of a key, which hold in every minute and in every day. A permit of the day is taken first and waits for one of the minute;
 * its window is longer by twice the longest wait, so that a call made late falls into no window with the calls of the next day.
 */
export class Credits implements RateLimit {
  readonly #minute: RateLimit
  readonly #day: RateLimit | undefined
  readonly #minuteMs: number
  readonly #waitMs: number
  readonly #clock: Clock
  /** One call at a time holds a permit of the day: the others of this process would wait behind it for the minute. */
  readonly #mutex = new Mutex()

  constructor({ perMinute, perDay, minuteMs = MINUTE_MS, dayMs = DAY_MS, shared, clock = systemClock }: CreditsOptions) {
    const own = (limits: RateLimits) => new SlidingWindowLimit({ ...limits, peer: limits.service, clock })
    const give = shared ?? own
    this.#minuteMs = minuteMs
    this.#waitMs = dayMs * WAITS
    this.#clock = clock
    const minuteSlackMs = Math.min(1000, minuteMs / 10)
    this.#minute = give({ service: 'Twelve Data', limit: perMinute, windowMs: minuteMs, slackMs: minuteSlackMs })
    if (perDay !== undefined)
      this.#day = give({
        service: 'Twelve Data, a day',
        limit: perDay,
        windowMs: dayMs,
        slackMs: 2 * this.#waitMs + minuteSlackMs,
      })
  }

  async acquire(weight: number, signal?: AbortSignal): Promise<void> {
    const day = this.#day
    if (!day) return this.#minute.acquire(weight, signal)
    await this.#mutex.run(async () => {
      for (;;) {
        await day.acquire(weight, signal)
        const granted = this.#clock.now()
        await this.#minute.acquire(weight, signal)
        // After a longer wait, such as behind a penalty, the permit of the day is stale.
        if (this.#clock.now() - granted <= this.#waitMs) return
      }
    }, signal)
  }

  /** A refusal that lasts longer than a minute is one of the day. */
  penalize(retryAfterMs: number, by?: string): void {
    const limit = retryAfterMs > 2 * this.#minuteMs ? (this.#day ?? this.#minute) : this.#minute
    limit.penalize(retryAfterMs, by)
  }

  /** The budget of the window with fewer credits. */
  async budget(): Promise<RateBudget> {
    const [minute, day] = await Promise.all([this.#minute.budget(), this.#day?.budget()])
    return day && day.free < minute.free ? day : minute
  }
}
