import { setTimeout } from 'node:timers/promises'
import { errorMessage, type PlatformHealth } from '../../../lib/src/base/index.ts'
import type { ServedPlatform } from '../served.ts'

/** An answer is given again to whoever asks within this time: the checks write to store and stream. */
const FRESH_MS = 1_000
const PATIENCE_MS = 4_000

/** Asks the platform how it is; one question at a time, and never for longer than a prober waits. */
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
      action: 'it is asked again with every request',
    } as const
    return { status: 'down', parts: [part] }
  }
}
