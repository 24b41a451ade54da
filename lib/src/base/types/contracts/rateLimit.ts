/** Permission to call a peer that counts calls. Every caller that uses one key shares one of these. */
export interface RateLimit {
  /**
   * Waits until a call of this weight may be made, first come first served.
   * @throws QiError CANCELLED or TIMEOUT when the signal is aborted while waiting; BAD_REQUEST when the weight can never be granted
   */
  acquire(weight: number, signal?: AbortSignal): Promise<void>
  /**
   * The peer asked to be left alone for so long, an hour at most: nobody gets a permit until then. The first permit after it is a probe;
   * the others wait up to 15 s longer, so that another refusal costs one call.
   * @param by the answer that asked for it, fit to be shown
   */
  penalize(retryAfterMs: number, by?: string): void
  /** What is left of it now, for whoever watches. @throws QiError UNAVAILABLE where that cannot be found out */
  budget(): Promise<RateBudget>
}

/** Weights of a limit at one moment. */
export interface RateBudget {
  /** The most in any window of so many milliseconds, with its slack. */
  readonly limit: number
  readonly windowMs: number
  /** What may be used at once. */
  readonly free: number
  /** For how much longer the peer asked to be left alone, in milliseconds. */
  readonly penaltyMs: number
  /** The answer that asked for it. */
  readonly penaltyBy?: string
}

/** What a peer allows. */
export interface RateLimits {
  /** Whose limit it is, such as `coingecko`: one key may be used at several services. */
  readonly service: string
  /** The most weight in any window. */
  readonly limit: number
  /** Default one minute. */
  readonly windowMs?: number
  /** Added to the window, for calls that were held up on their way. Default one second. */
  readonly slackMs?: number
}
