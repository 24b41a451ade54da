import { setTimeout } from 'node:timers/promises'
import { type Cadence, type Coverage, type CoverageSession, errorMessage, type Logger } from '../../base/index.ts'

/** How often what was stored is looked at, in milliseconds: so seldom that it costs nothing, so often that little is new. */
const EVERY_MS = 60_000

/** Keeps coverage up to date while a platform runs, and tells of it and of its sources that they run. */
export class CoverageKeeper {
  readonly #coverage: Coverage
  readonly #logger: Logger
  readonly #stop = new AbortController()
  #session: CoverageSession | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(coverage: Coverage, logger: Logger) {
    this.#coverage = coverage
    this.#logger = logger
  }

  async start(): Promise<void> {
    this.#session = await this.session('', {})
    this.#looking = this.#look()
  }

  /** Where it cannot be told that a source runs, the source runs all the same: its gaps then count as those of a stop. */
  async session(source: string, cadence: Cadence): Promise<CoverageSession | undefined> {
    try {
      return await this.#coverage.begin(source, cadence, this.#logger)
    } catch (error) {
      this.#logger.warn({ source, error: errorMessage(error) }, 'the store could not be told what runs')
      return undefined
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#looking
    await this.#session?.end()
  }

  async #look(): Promise<void> {
    const { signal } = this.#stop
    for (;;) {
      await setTimeout(EVERY_MS, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      try {
        await this.#coverage.refresh()
      } catch (error) {
        this.#logger.debug(
          { error: errorMessage(error) },
          'coverage could not be brought up to date; the next look makes up for it',
        )
      }
    }
  }
}
