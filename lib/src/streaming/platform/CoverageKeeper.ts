import { setTimeout } from 'node:timers/promises'
import type { Coverage, CoverageSession } from '../../base/database/index.ts'
import { type Logger, type SeriesTraits, toQiError } from '../../base/types/index.ts'

/** Often enough that each refresh has little to do, seldom enough that it costs nothing. */
const REFRESH_MS = 60_000

/** Refreshes coverage once a minute; records the heartbeats of the platform and of each running source. */
export class CoverageKeeper {
  readonly #coverage: Coverage
  readonly #logger: Logger
  readonly #stop = new AbortController()
  #session: CoverageSession | undefined
  #refreshing: Promise<void> = Promise.resolve()

  constructor(coverage: Coverage, logger: Logger) {
    this.#coverage = coverage
    this.#logger = logger
  }

  /** Begins the platform's heartbeat, and the refreshes. */
  async start(): Promise<void> {
    this.#session = await this.session('', {})
    this.#refreshing = this.#refreshOften()
  }

  /**
   * Begins the heartbeat of a source, with its outages. Undefined if the store cannot record it: the source runs all the same, and its
   * gaps then count as those of a stopped source.
   * @throws QiError CONFIG_INVALID for an unknown calendar
   */
  async session(source: string, traits: SeriesTraits): Promise<CoverageSession | undefined> {
    try {
      return await this.#coverage.begin(source, traits, this.#logger)
    } catch (thrown) {
      const error = toQiError(thrown)
      if (error.code === 'CONFIG_INVALID') throw error
      this.#logger.warn({ source, err: error }, 'the heartbeat could not be recorded in the store')
      return undefined
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#refreshing
    await this.#session?.end()
  }

  async #refreshOften(): Promise<void> {
    const { signal } = this.#stop
    for (;;) {
      await setTimeout(REFRESH_MS, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      try {
        await this.#coverage.refresh()
      } catch (error) {
        this.#logger.debug({ err: error }, 'coverage could not be refreshed; the next refresh makes up for it')
      }
    }
  }
}
