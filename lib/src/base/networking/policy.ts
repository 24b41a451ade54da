import { CircuitBreaker } from './breaker.ts'
import type { Clock } from './clock.ts'
import { type RetryOptions, retry } from './retry.ts'
import { type PolicySettings, policySettings, type RetrySettings } from './settings.ts'
import { withTimeout } from './timeout.ts'

export interface Policy {
  readonly breaker: CircuitBreaker
  /** @throws QiError of the last attempt */
  execute<T>(run: (signal: AbortSignal, attempt: number) => Promise<T>, options?: PolicyOptions): Promise<T>
}

export interface PolicyOptions {
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock
}

/**
 * Calls a peer with timeout, circuit breaker and retry: each attempt has its own timeout and counts for the circuit. While the circuit is
 * open an attempt waits for the next probe instead of reaching the peer.
 */
export function policy(peer: string, settings: PolicySettings = policySettings.parse({})): Policy {
  const breaker = new CircuitBreaker(peer, settings.breaker)
  const tries = { peer, ...retryOptions(settings.retry) }
  return {
    breaker,
    execute: (run, { signal, clock } = {}) =>
      retry((attempt) => breaker.execute(() => withTimeout(settings.timeout_ms, peer, (inner) => run(inner, attempt), signal)), {
        ...tries,
        signal,
        ...(clock && { clock }),
      }),
  }
}

/** Settings in the form that `retry` takes. */
export const retryOptions = ({ attempts, base_ms, max_ms, total_ms }: RetrySettings): RetryOptions => ({
  attempts,
  baseMs: base_ms,
  maxMs: max_ms,
  totalMs: total_ms,
})
