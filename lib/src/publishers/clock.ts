import { setTimeout as delay } from 'node:timers/promises'

/** Time as a publisher and its sources see it; a test passes its own and waits for nothing. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after that many milliseconds, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : undefined).catch(() => {}),
}
