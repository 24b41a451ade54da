import { type Clock, retry, systemClock } from '../../../base/networking/index.ts'
import { type Logger, QiError, type RateLimit, silentLogger, type Trouble, toQiError } from '../../../base/types/index.ts'

export interface CallerOptions {
  /** The provider's name for people. */
  readonly peer: string
  readonly rateLimit: RateLimit
  /** Most tries of a call. Default: that of retry(). */
  readonly attempts?: number | undefined
  /** First wait before a retry. Default: that of retry(). */
  readonly retryBaseMs?: number | undefined
  /** Longest wait before a retry that the provider did not ask for. Default: that of retry(). */
  readonly retryMaxMs?: number | undefined
  /** No wait begins that would end later than this. Default {@link CALL_TOTAL_MS}. */
  readonly totalMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** Most tries of this call. Default: the caller's. */
  readonly attempts?: number | undefined
  /** Weight of this call in the rate limit. Default 1. */
  readonly weight?: number | undefined
}

/** Default of `timeoutMs`: time for one call, until its body is complete. */
export const CALL_TIMEOUT_MS = 15_000
/** Default of `totalMs`. */
const CALL_TOTAL_MS = 180_000

/** Calls one provider: within its rate limit, with retries, and remembers if it answers. */
export class Caller {
  readonly #options: CallerOptions
  readonly #clock: Clock
  readonly #logger: Logger
  #answeredAt: number | undefined
  #trouble: Trouble | undefined

  constructor(options: CallerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger ?? silentLogger
  }

  /** Milliseconds since the provider's last good answer; undefined if there was none, or it has failed since. */
  get answeredMsAgo(): number | undefined {
    return this.#answeredAt === undefined ? undefined : this.#clock.now() - this.#answeredAt
  }

  /** The failure of the provider, until its next good answer. */
  get trouble(): Trouble | undefined {
    return this.#trouble
  }

  /**
   * @param what the call, such as `/trades`
   * @param once makes one try; it awaits a permit before each request, of the call's weight if it names none
   * @throws QiError of the last try
   */
  run<T>(what: string, once: (permit: (weight?: number) => Promise<void>) => Promise<T>, options: RunOptions = {}): Promise<T> {
    const { peer, retryBaseMs, retryMaxMs, totalMs = CALL_TOTAL_MS } = this.#options
    const { signal, attempts = this.#options.attempts, weight = 1 } = options
    return retry(
      async () => {
        try {
          const answer = await once((one = weight) => this.#permit(what, one, signal))
          this.#answeredAt = this.#clock.now()
          this.#trouble = undefined
          return answer
        } catch (error) {
          this.#failed(toQiError(error))
          throw error
        }
      },
      {
        totalMs,
        signal,
        peer,
        clock: this.#clock,
        onRetry: ({ error, attempt, waitMs }) =>
          this.#logger.warn({ endpoint: what, attempt, wait_ms: Math.round(waitMs), code: error.code }, error.message),
        ...(attempts === undefined ? {} : { attempts }),
        ...(retryBaseMs === undefined ? {} : { baseMs: retryBaseMs }),
        ...(retryMaxMs === undefined ? {} : { maxMs: retryMaxMs }),
      },
    )
  }

  #failed(error: QiError): void {
    const { code, retryAfterMs } = error
    if (error.retryable && code !== 'CANCELLED')
      this.#trouble = {
        since: this.#trouble?.since ?? Date.now(),
        error,
        ...(retryAfterMs !== undefined && { againAt: Date.now() + retryAfterMs }),
      }
    // The penalty makes every caller of the provider wait, not only this one.
    if (code === 'RATE_LIMITED') this.#options.rateLimit.penalize(retryAfterMs ?? 0, error.message)
    if (code === 'UNAVAILABLE' || code === 'TIMEOUT') this.#answeredAt = undefined
  }

  /** A timeout while waiting for the rate limit becomes RATE_LIMITED: no request was sent. */
  async #permit(what: string, weight: number, signal: AbortSignal | undefined): Promise<void> {
    const { peer, rateLimit } = this.#options
    try {
      await rateLimit.acquire(weight, signal)
    } catch (error) {
      if (toQiError(error).code !== 'TIMEOUT') throw error
      throw new QiError('RATE_LIMITED', `${peer} ${what}: the rate limit left no call free in time`, { cause: error })
    }
  }
}
