import { ExponentialBackoff, handleWhen, type IBackoff, type IRetryBackoffContext, retry as retryPolicy } from 'cockatiel'
import { type QiError, toQiError } from '../types/index.ts'
import { type Clock, systemClock, throwIfAborted } from './clock.ts'
import { publishNetworkEvent } from './events.ts'
import { MAX_PENALTY_MS } from './http/retryAfter.ts'

export interface RetryOptions {
  /** Attempts in all. Default 4. */
  readonly attempts?: number
  /** The first wait, which grows exponentially with jitter. Default 500 ms. */
  readonly baseMs?: number
  /** The longest such wait; the peer's `retryAfterMs` may be longer, up to an hour. Default 30 s. */
  readonly maxMs?: number
  /** Time limit over all attempts: no wait is started that would end later. Default 2 minutes. */
  readonly totalMs?: number
  readonly signal?: AbortSignal | undefined
  /** Default: `retryable` of the error. */
  readonly retryIf?: (error: QiError) => boolean
  /** Called before each wait. */
  readonly onRetry?: (event: { readonly error: QiError; readonly attempt: number; readonly waitMs: number }) => void
  readonly clock?: Clock
  /** Name of the peer in published events. */
  readonly peer?: string
}

/**
 * Retries until success, a final error, or the end of attempts or time. Waits grow exponentially with decorrelated jitter, are at least as
 * long as the peer asked for, and end when the signal is aborted.
 * @throws QiError of the last attempt
 */
export async function retry<T>(run: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { attempts = 4, baseMs = 500, maxMs = 30_000, totalMs = 120_000, signal, onRetry, clock = systemClock, peer } = options
  const retryIf = options.retryIf ?? ((error: QiError) => error.retryable)
  const start = clock.now()
  let backoff: IBackoff<unknown> = new ExponentialBackoff({ initialDelay: baseMs, maxDelay: maxMs }).next()
  let wait = 0

  const worthwhile = (thrown: unknown): boolean => {
    const error = toQiError(thrown)
    if (signal?.aborted || !retryIf(error)) return false
    wait = Math.max(backoff.duration, Math.min(error.retryAfterMs ?? 0, MAX_PENALTY_MS))
    return clock.now() + wait - start <= totalMs
  }
  // cockatiel's sleep cannot be aborted: it counts attempts and computes waits, we sleep.
  const atOnce: IBackoff<IRetryBackoffContext<unknown>> = {
    duration: 0,
    next({ attempt, result }) {
      const error = toQiError('error' in result ? result.error : undefined)
      onRetry?.({ error, attempt, waitMs: wait })
      if (peer) publishNetworkEvent({ type: 'retry', peer, attempt, code: error.code, waitMs: wait })
      backoff = backoff.next(undefined)
      return atOnce
    },
  }
  const policy = retryPolicy(handleWhen(worthwhile), { maxAttempts: attempts - 1, backoff: atOnce })
  return policy.execute(async ({ attempt }) => {
    if (attempt > 0) await clock.sleep(wait, signal)
    throwIfAborted(signal)
    try {
      return await run(attempt)
    } catch (error) {
      throw toQiError(error)
    }
  })
}
