import { setTimeout as timer } from 'node:timers/promises'
import { QiError } from '../types/index.ts'

/** Waits and measures time: the system's clock, or one that a test advances. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start. */
  now(): number
  /** @throws QiError CANCELLED (TIMEOUT where the signal was a timeout) as soon as the signal is aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** A timer longer than this many milliseconds would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    throwIfAborted(signal)
    try {
      for (let left = ms; left > 0; left -= LONGEST_TIMER)
        await timer(Math.min(left, LONGEST_TIMER), undefined, signal ? { signal } : {})
    } catch (error) {
      throw signal?.aborted ? abortError(signal) : error
    }
  },
}

/** The error to throw for an aborted signal: its own QiError, TIMEOUT, or CANCELLED. */
export function abortError(signal: AbortSignal): QiError {
  const reason: unknown = signal.reason
  if (reason instanceof QiError) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError')
    return new QiError('TIMEOUT', 'no answer in time', { cause: reason })
  return new QiError('CANCELLED', 'cancelled', { cause: reason })
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

/** Rejects as soon as the signal is aborted. The work behind the promise continues. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  throwIfAborted(signal)
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(abortError(signal))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
