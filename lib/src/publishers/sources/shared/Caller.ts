import {
  type Clock,
  type Logger,
  QiError,
  type RateLimit,
  retry,
  silentLogger,
  systemClock,
  type Trouble,
  toQiError,
} from '../../../base/index.ts'

export interface CallerOptions {
  /** The provider, as users know it. */
  readonly peer: string
  readonly rateLimit: RateLimit
  /** How often a call is tried in all. Default 4. */
  readonly attempts?: number | undefined
  /** The first wait before a second try. Default 500 ms. */
  readonly retryBaseMs?: number | undefined
  /** The longest wait before another try that the provider did not ask for. Default 30 s. */
  readonly retryMaxMs?: number | undefined
  /** No wait for another try is begun that would end later than this. Default 3 minutes. */
  readonly totalMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** How often it is tried in all, where it differs from the caller's. */
  readonly attempts?: number | undefined
}

/** Calls one provider: within its rate limit, again while that can help, and with a memory of whether it answers. */
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

  /** How long ago the provider last gave a good answer, in milliseconds; undefined where it gave none, or failed since. */
  get answeredMsAgo(): number | undefined {
    return this.#answeredAt === undefined ? undefined : this.#clock.now() - this.#answeredAt
  }

  /** Why the provider gives no answers now; it passes with the next good one. */
  get trouble(): Trouble | undefined {
    return this.#trouble
  }

  /**
   * @param what the call, such as `/trades`
   * @param once makes one try; it asks for a permit before each request
   * @throws QiError that of the last try
   */
  run<T>(what: string, once: (permit: () => Promise<void>) => Promise<T>, options: RunOptions = {}): Promise<T> {
    const { peer, retryBaseMs, retryMaxMs, totalMs = 180_000 } = this.#options
    const { signal, attempts = this.#options.attempts } = options
    return retry(
      async () => {
        try {
          const answer = await once(() => this.#permit(what, signal))
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
    // All callers are told to wait, not this one alone.
    if (code === 'RATE_LIMITED') this.#options.rateLimit.penalize(retryAfterMs ?? 0, error.message)
    if (code === 'UNAVAILABLE' || code === 'TIMEOUT') this.#answeredAt = undefined
  }

  /** A timeout while waiting for the rate limit becomes RATE_LIMITED: no request was sent. */
  async #permit(what: string, signal: AbortSignal | undefined): Promise<void> {
    const { peer, rateLimit } = this.#options
    try {
      await rateLimit.acquire(1, signal)
    } catch (error) {
      if (toQiError(error).code !== 'TIMEOUT') throw error
      throw new QiError('RATE_LIMITED', `${peer} ${what}: the rate limit left no call free in time`, { cause: error })
    }
  }
}
