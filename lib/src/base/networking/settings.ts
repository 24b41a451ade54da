import { z } from 'zod'

/** Retry settings of any peer. */
export const retrySettings = z.strictObject({
  attempts: z.int().min(1).max(100).default(4).describe('how often a call is tried in all'),
  base_ms: z.int().min(1).max(600_000).default(1000).describe('the first wait, which grows with jitter'),
  max_ms: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(30_000)
    .describe('the longest such wait; what the peer asks for may be longer, up to an hour'),
  total_ms: z.int().min(1).max(86_400_000).default(180_000).describe('no wait is begun that would end later than this'),
})

/** Circuit breaker settings: when an endpoint gets no more calls, and when it is probed. */
export const breakerSettings = z.strictObject({
  failures: z.int().min(1).max(1000).default(5).describe('failures in a row that open the circuit'),
  failure_rate: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe('opens it by the share of failures within window_ms instead; for peers that are called often'),
  window_ms: z.int().min(100).max(3_600_000).default(30_000).describe('what failure_rate is taken over'),
  open_ms: z.int().min(1).max(3_600_000).default(5000).describe('how long it stays open before one call probes the endpoint'),
  max_open_ms: z.int().min(1).max(3_600_000).default(60_000).describe('the same after failed probes, each of which doubles it'),
})

/** All settings of calls to one peer. */
export const policySettings = z.strictObject({
  timeout_ms: z.int().min(1).max(3_600_000).default(15_000).describe('the longest wait for one answer'),
  retry: retrySettings.prefault({}),
  breaker: breakerSettings.prefault({}),
})

export type RetrySettings = z.output<typeof retrySettings>
export type BreakerSettings = z.output<typeof breakerSettings>
export type PolicySettings = z.output<typeof policySettings>
