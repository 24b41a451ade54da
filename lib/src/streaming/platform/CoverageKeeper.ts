import { setTimeout } from 'node:timers/promises'
import { type Coverage, type CoverageSession, errorMessage, type Logger, type SeriesTraits, toQiError } from '../../base/index.ts'

/** How often what was stored is looked at, in milliseconds: so seldom that it costs nothing, so often that little is new. */
const EVERY_MS = 60_000

/** Refreshes coverage once a minute; records heartbeats of the platform and of each running source, and the outages within. */
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

  /**
   * Where it cannot be told that a source runs, the source runs all the same: its gaps then count as those of a stop.
   * @throws QiError CONFIG_INVALID for a calendar that there is not
   */
  async session(source: string, traits: SeriesTraits): Promise<CoverageSession | undefined> {
    try {
      return await this.#coverage.begin(source, traits, this.#logger)
    } catch (thrown) {
      const error = toQiError(thrown)
      if (error.code === 'CONFIG_INVALID') throw error
      this.#logger.warn({ source, error: error.message }, 'the store could not be told what runs')
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
