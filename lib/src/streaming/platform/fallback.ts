import { setTimeout } from 'node:timers/promises'
import { type CheckResult, type QiError, toQiError } from '../../base/index.ts'

export interface FallbackOptions {
  /** Reaches the provider of the primary. */
  readonly check: (signal: AbortSignal) => Promise<CheckResult>
  readonly primary: (signal: AbortSignal) => Promise<void>
  readonly fallback: (signal: AbortSignal) => Promise<void>
  /** Told of each change, and why. */
  readonly onChange: (running: 'primary' | 'fallback', reason: string) => void
  /** How often the provider is tried while the fallback runs, in milliseconds. */
  readonly recheckMs: number
}

/**
 * Runs the primary, and the fallback only while the primary's provider cannot be reached.
 * @throws what the primary throws while its provider can be reached, and what the provider refuses
 */
export async function runWithFallback(options: FallbackOptions, signal: AbortSignal): Promise<void> {
  const { check, primary, fallback, onChange, recheckMs } = options
  while (!signal.aborted) {
    const found = await check(signal)
    if (signal.aborted) return
    if (found.ok) {
      onChange('primary', found.summary)
      try {
        return await primary(signal)
      } catch (failure) {
        // Still reached: the failure is another one, which the supervisor waits out.
        if (!isUnreachable(toQiError(failure)) || (await check(signal)).ok) throw failure
      }
      continue
    }
    // A refused key or a used-up limit is not an unreachable provider: invented prices would hide it.
    if (found.error && !isUnreachable(found.error)) throw found.error
    onChange('fallback', found.summary)
    const back = new AbortController()
    const either = AbortSignal.any([signal, back.signal])
    const watch = watchFor(check, recheckMs, either).then(() => back.abort())
    try {
      await fallback(either)
    } finally {
      back.abort()
      await watch
    }
  }
}

const isUnreachable = ({ code }: QiError): boolean => code === 'UNAVAILABLE' || code === 'TIMEOUT'

async function watchFor(check: FallbackOptions['check'], everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await setTimeout(everyMs, undefined, { signal }).catch(() => {})
    if (signal.aborted || (await check(signal)).ok) return
  }
}
