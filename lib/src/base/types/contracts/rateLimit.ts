/** The rate limit of a peer. All callers with one key share it. */
export interface RateLimit {
  /**
   * Waits until a call of this weight may be made, first come first served.
   * @throws QiError CANCELLED or TIMEOUT when the signal is aborted while waiting; BAD_REQUEST when the weight can never be granted
   */
  acquire(weight: number, signal?: AbortSignal): Promise<void>
  /**
   * Pauses all permits for as long as the peer asked, an hour at most. The first permit afterwards is a probe; the others wait up to 15 s
   * longer, so that another refusal costs one call.
   * @param by the answer that asked for the pause, for display
   */
  penalize(retryAfterMs: number, by?: string): void
  /** The remaining budget. @throws QiError UNAVAILABLE if it cannot be read */
  budget(): Promise<RateBudget>
}

/** The state of a limit at one moment, in weights. */
export interface RateBudget {
  /** The most in any window of `windowMs`, slack included. */
  readonly limit: number
  readonly windowMs: number
  /** Weight that may be used now. */
  readonly free: number
  /** Remaining pause that the peer asked for, in milliseconds. */
  readonly penaltyMs: number
  /** The answer that asked for it. */
  readonly penaltyBy?: string
}

/** The limits of a peer. */
export interface RateLimits {
  /** Name of the service, such as `coingecko`: one key may be used at several. */
  readonly service: string
  /** The most weight in any window. */
  readonly limit: number
  /** Default one minute. */
  readonly windowMs?: number
  /** Added to the window, for calls that arrive late. Default one second. */
  readonly slackMs?: number
}
