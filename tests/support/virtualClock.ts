import { setImmediate as turn } from 'node:timers/promises'
import { abortError, type Clock, throwIfAborted } from '../../lib/src/base/networking/index.ts'

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

/** Time that passes only while {@link VirtualClock.run} waits for something, and then at once. */
export class VirtualClock implements Clock {
  #now: number
  readonly #sleepers = new Set<Sleeper>()

  constructor(start = 0) {
    this.#now = start
  }

  now = (): number => this.#now

  get sleeping(): number {
    return this.#sleepers.size
  }

  sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    throwIfAborted(signal)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const sleeper = { until: this.#now + Math.max(0, ms), wake: resolve }
    this.#sleepers.add(sleeper)
    const onAbort = () => reject(abortError(signal as AbortSignal))
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      this.#sleepers.delete(sleeper)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Lets time pass, from one sleeper's end to the next, until the promise is settled. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const done = () => {
      settled = true
    }
    promise.then(done, done)
    for (;;) {
      // Everything that can go on without time passing goes on first.
      await turn()
      if (settled) return promise
      const next = [...this.#sleepers].sort((a, b) => a.until - b.until)[0]
      if (!next) continue
      this.#now = Math.max(this.#now, next.until)
      this.#sleepers.delete(next)
      next.wake()
    }
  }
}
