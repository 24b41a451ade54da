import { setTimeout } from 'node:timers/promises'
import { errorMessage, type PlatformHealth } from '../../../lib/src/base/types/index.ts'
import type { ServedPlatform } from '../served.ts'

/** Time for which an answer is reused, because the checks write to store and stream. */
const FRESH_MS = 1_000
const PATIENCE_MS = 4_000

/** Asks the platform for its health: one check at a time, and within the time that a prober waits. */
export class HealthProbe {
  readonly #platform: ServedPlatform
  #asked = 0
  #answer: Promise<PlatformHealth> | undefined
  #silentSince: number | undefined

  constructor(platform: ServedPlatform) {
    this.#platform = platform
  }

  ask(): Promise<PlatformHealth> {
    if (this.#answer && Date.now() - this.#asked < FRESH_MS) return this.#answer
    this.#asked = Date.now()
    this.#answer = this.#ask()
    return this.#answer
  }

  async #ask(): Promise<PlatformHealth> {
    const stop = new AbortController()
    const late = setTimeout(PATIENCE_MS, undefined, { signal: stop.signal }).then(
      () => this.#silent(`no answer within ${PATIENCE_MS / 1000} s`),
      () => undefined,
    )
    const health = Promise.resolve()
      .then(() => this.#platform.health())
      .then(
        (found) => {
          this.#silentSince = undefined
          return found
        },
        (error: unknown) => this.#silent(errorMessage(error)),
      )
    try {
      return (await Promise.race([health, late])) ?? (await health)
    } finally {
      stop.abort()
    }
  }

  #silent(summary: string): PlatformHealth {
    this.#silentSince ??= Date.now()
    const part = {
      name: 'platform',
      status: 'down',
      since: this.#silentSince,
      summary,
      action: 'the next request checks again',
    } as const
    return { status: 'down', parts: [part] }
  }
}
