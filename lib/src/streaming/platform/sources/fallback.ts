import { setTimeout } from 'node:timers/promises'
import { type CheckResult, type QiError, toQiError } from '../../../base/types/index.ts'

export interface FallbackOptions {
  /** Calls the primary's provider. */
  readonly check: (signal: AbortSignal) => Promise<CheckResult>
  readonly primary: (signal: AbortSignal) => Promise<void>
  readonly fallback: (signal: AbortSignal) => Promise<void>
  /** Called before the primary or the fallback starts, with the reason. */
  readonly onChange: (running: 'primary' | 'fallback', reason: string) => void
  /** Milliseconds between two checks while the fallback runs. */
  readonly recheckMs: number
}

/**
 * Runs the primary, and the fallback only while the primary's provider cannot be reached.
 *
 * | state | entered by | left by |
 * |---|---|---|
 * | checking | start; the fallback ended; the primary failed and its provider cannot be reached | reached → primary; unreachable → fallback; refused → throws |
 * | primary | the provider is reached | returns; fails while the provider is reached → throws; else → checking |
 * | fallback | the provider is unreachable | a check, every `recheckMs`, succeeds → checking |
 *
 * @throws QiError of the primary while its provider can be reached, or the provider's refusal
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
        // The provider is reached, so the failure is another one: the supervisor handles it.
        if (!isUnreachable(toQiError(failure)) || (await check(signal)).ok) throw failure
      }
      continue
    }
    // A refused key or a used-up limit is no outage of the provider: simulated prices would hide it.
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
