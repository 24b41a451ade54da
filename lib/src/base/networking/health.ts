import { type CheckResult, QiError, toQiError } from '../types/index.ts'
import { publishNetworkEvent } from './events.ts'
import { withTimeout } from './timeout.ts'

/** A finished health check: it ended by itself or by its deadline. */
export interface CheckReport extends CheckResult {
  readonly name: string
  readonly ms: number
}

export interface HealthReport {
  readonly ok: boolean
  readonly checks: readonly CheckReport[]
}

/**
 * Runs a check that ends by its deadline and never throws. The signal is aborted at the deadline.
 * @param deadlineMs in milliseconds
 */
export async function checkWithin(
  deadlineMs: number,
  name: string,
  check: (signal: AbortSignal) => Promise<CheckResult>,
  signal?: AbortSignal,
): Promise<CheckReport> {
  const start = performance.now()
  const result = await withTimeout(deadlineMs, name, async (inner) => check(inner), signal).catch(failed)
  const ms = performance.now() - start
  publishNetworkEvent({ type: 'check', peer: name, ok: result.ok, ms })
  return { ...result, name, ms: Math.round(ms) }
}

/** Runs all checks at once. */
export async function checkAllWithin(
  deadlineMs: number,
  checks: Readonly<Record<string, (signal: AbortSignal) => Promise<CheckResult>>>,
  signal?: AbortSignal,
): Promise<HealthReport> {
  const reports = await Promise.all(Object.entries(checks).map(([name, check]) => checkWithin(deadlineMs, name, check, signal)))
  return { ok: reports.every(({ ok }) => ok), checks: reports }
}

function failed(thrown: unknown): CheckResult {
  const error = thrown instanceof QiError ? thrown : toQiError(thrown)
  return { ok: false, summary: error.message, error }
}
