import { type Clock, Mutex, SlidingWindowLimit, systemClock } from '../../../base/networking/index.ts'
import type { RateBudget, RateLimit, RateLimits } from '../../../base/types/index.ts'

export interface CreditsOptions {
  readonly perMinute: number
  /** Undefined: no limit. */
  readonly perDay?: number | undefined
  /** The windows in milliseconds. Default: one minute, and 24 hours. */
  readonly minuteMs?: number | undefined
  readonly dayMs?: number | undefined
  /** How late a call may arrive, in milliseconds. Default one second. */
  readonly slackMs?: number | undefined
  /** How long a permit of the day may wait for one of the minute, in milliseconds. Default five minutes. */
  readonly waitMs?: number | undefined
  /** Gives the limit that all users of the key share. Default: limits of this process. */
  readonly shared?: ((limits: RateLimits) => RateLimit) | undefined
  readonly clock?: Clock | undefined
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const SLACK_MS = 1000
const WAIT_MS = 300_000

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

  constructor(options: CreditsOptions) {
    const { perMinute, perDay, minuteMs = MINUTE_MS, dayMs = DAY_MS, slackMs = SLACK_MS, waitMs = WAIT_MS } = options
    const { clock = systemClock } = options
    const own = (limits: RateLimits) => new SlidingWindowLimit({ ...limits, peer: limits.service, clock })
    const { shared: give = own } = options
    this.#minuteMs = minuteMs
    this.#waitMs = waitMs
    this.#clock = clock
    this.#minute = give({ service: 'Twelve Data', limit: perMinute, windowMs: minuteMs, slackMs })
    if (perDay !== undefined)
      this.#day = give({ service: 'Twelve Data, a day', limit: perDay, windowMs: dayMs, slackMs: 2 * waitMs + slackMs })
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
