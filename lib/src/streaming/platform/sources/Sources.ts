import { type CoverageSession, lastStored, RateLimitLedger, sharedRateLimits } from '../../../base/database/index.ts'
import { withTimeout } from '../../../base/networking/index.ts'
import {
  type CheckResult,
  countOf,
  type History,
  type Logger,
  type PublisherStats,
  QiError,
  type SeriesTraits,
  type SourceContext,
  type SourceDefinition,
  type SourceInstance,
  type SourceParts,
  type SourceStatus,
  suggest,
  toQiError,
} from '../../../base/types/index.ts'
import { CryptoDataPublisher } from '../../../publishers/index.ts'
import type { PlatformConfig } from '../config.ts'
import type { Engines } from '../Engines.ts'
import type { Fallback } from '../health/describe.ts'
import { Supervisor } from '../supervisor.ts'
import { runWithFallback } from './fallback.ts'
import { readInteraction } from './interactions.ts'
import { PenaltyHealth, RateLimitsInUse } from './rateLimits.ts'
import { DEFAULT_SOURCE } from './sourceInstances.ts'
import { describeSettings, settingsWith } from './sourceSettings.ts'

/** Runs while the default source's provider cannot be reached. */
const FALLBACK_SOURCE = 'simulated'
/** The part that runs the default source, or its fallback. */
export const DEFAULT_PART = `source ${DEFAULT_SOURCE}`

/** Longest wait for the penalties of rate limits, which lie in the store: its own check has waited before. */
const PENALTIES_MS = 2000

const partOf = (name: string): string => `source ${name}`
const sourceOf = (part: string): string => part.replace(/^source /, '')

/** Codes that every restart would fail with, until somebody changes a setting, a key or a file. */
const FINAL: ReadonlySet<string> = new Set([
  'CONFIG_INVALID',
  'BAD_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'UNSUPPORTED',
])

/** True if a restart would fail the same way. A finite input fails the same way each time it is read. */
export const isFinalFailure = ({ retryable, code }: QiError, finite: boolean): boolean =>
  !retryable && (finite || FINAL.has(code))

/** The outage of a source whose heartbeat is not recorded. */
const UNRECORDED: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} }

export interface SourcesOptions {
  readonly config: PlatformConfig
  readonly logger: Logger
  readonly onNotice: (line: string) => void
  /** Milliseconds between two checks of the default source's provider while the fallback runs. */
  readonly recheckMs: number
  readonly engines: Pick<Engines, 'store' | 'stream' | 'coverage' | 'keeper'>
}

/** The sources of a platform. Each that runs is supervised and publishes into the stream until it is stopped. */
export class Sources {
  readonly #options: SourcesOptions
  readonly #supervisor: Supervisor
  readonly #publishers = new Map<string, CryptoDataPublisher>()
  /** By name: the settings that a source was started with in place of the configured ones. */
  readonly #settings = new Map<string, Record<string, unknown>>()
  #rateLimits: RateLimitsInUse | undefined
  #penalties: PenaltyHealth | undefined
  #fallback: Fallback | undefined

  constructor(options: SourcesOptions) {
    this.#options = options
    this.#supervisor = new Supervisor(options.logger, {
      isFinal: (part, error) => isFinalFailure(error, this.#named(sourceOf(part)).type.finite ?? false),
      onFinal: (part, error) => this.#failed(part, error),
    })
  }

  /** Set while the fallback runs in the default source's place. */
  get fallback(): Fallback | undefined {
    return this.#fallback
  }

  /** Starts the configured sources; where none is configured, the default source with its fallback. */
  startConfigured(): void {
    const { run } = this.#options.config.sources
    if (!run) this.#supervisor.add(DEFAULT_PART, (signal) => this.#defaultOrFallback(signal))
    else for (const name of run) this.#run(name)
  }

  /** Starts a source with these settings over the configured ones. @throws QiError NOT_FOUND, BAD_REQUEST, CONFLICT */
  async start(name: string, given: Readonly<Record<string, unknown>>): Promise<void> {
    const instance = this.#named(name)
    this.#refuseSecond(name)
    const settings = settingsWith(instance, given)
    if (await this.#options.engines.coverage.runs(name))
      throw new QiError(
        'CONFLICT',
        `source ${name} runs in another process on this store, or ended there seconds ago: stop it there first`,
        { field: 'source' },
      )
    this.#refuseSecond(name)
    this.#settings.set(name, settings)
    this.#run(name)
  }

  /** Returns once everything the source gave is in the stream. @throws QiError NOT_FOUND, CONFLICT */
  async stop(name: string): Promise<void> {
    this.#named(name)
    const failed = this.parts().some((part) => part.name === partOf(name) && part.state === 'failed')
    if (failed) await this.#supervisor.remove(partOf(name))
    else if (!this.#supervisor.runs(partOf(name))) {
      const why = this.#publishers.has(name)
        ? `it runs as the fallback of ${DEFAULT_SOURCE}: stop that instead`
        : 'it does not run here'
      throw new QiError('CONFLICT', `source ${name} cannot be stopped: ${why}`, { field: 'source' })
    } else await this.#supervisor.stopPart(partOf(name))
    this.#settings.delete(name)
    if (partOf(name) === DEFAULT_PART) this.#fallback = undefined
  }

  supervises(part: string): boolean {
    return this.parts().some(({ name }) => name === part)
  }

  /** Restarts a source with the settings it runs with. @throws QiError NOT_FOUND */
  restart(part: string): Promise<void> {
    return this.#supervisor.restart(part)
  }

  stopAll(): Promise<void> {
    return this.#supervisor.stop()
  }

  /** @throws QiError NOT_FOUND */
  partsOf(name: string): SourceParts {
    const { name: known, settings } = this.#named(name)
    return { settings, context: this.#context(known) }
  }

  list(): readonly SourceStatus[] {
    const parts = new Map(this.parts().map(({ name, state }) => [name, state]))
    return [...this.#instances.values()].map(({ name, type }) => {
      const isFallback =
        this.#fallback !== undefined && name === FALLBACK_SOURCE && this.#publishers.has(name) && !parts.has(partOf(name))
      return {
        name,
        type: type.name,
        summary: type.summary,
        state: parts.get(partOf(name)) ?? (isFallback ? 'running' : 'idle'),
        ...(isFallback && { fallbackFor: DEFAULT_SOURCE }),
        history: type.history !== undefined,
        ...(type.terms && { terms: type.terms }),
        settings: describeSettings(type),
      }
    })
  }

  stats(): PublisherStats[] {
    return [...this.#publishers.values()].map((publisher) => publisher.stats())
  }

  parts() {
    return this.#supervisor.status()
  }

  /** Free calls of the rate limits used since the start. @throws QiError UNAVAILABLE */
  async rateLimits() {
    return (await this.#rateLimits?.budgets()) ?? []
  }

  /** Health of the rate limits with a penalty, those of other processes too. Empty while the store does not answer: health shows that by itself. */
  async penalties() {
    this.#penalties ??= new PenaltyHealth(new RateLimitLedger(this.#options.engines.store.pool))
    const penalties = this.#penalties
    return withTimeout(PENALTIES_MS, 'the rate limits', () => penalties.parts()).catch(() => [])
  }

  /** The history of a source, which the caller closes. @throws QiError NOT_FOUND; UNSUPPORTED for a source without history */
  async openHistory(name: string): Promise<History> {
    const { type } = this.#named(name)
    if (!type.history) {
      const others = [...this.#instances.values()].filter((instance) => instance.type.history)
      throw new QiError('UNSUPPORTED', `${name} gives no history; ${others.map((instance) => instance.name).join(', ')} do`)
    }
    const settings = this.#settingsOf(name)
    // The traits of a source that never ran are not stored yet.
    await this.#options.engines.coverage.introduce(name, traitsOf(type, settings))
    return type.history(settings, this.#context(name))
  }

  #refuseSecond(name: string): void {
    const runs = this.#supervisor.runs(partOf(name))
    if (!runs && !this.#publishers.has(name)) return
    throw new QiError(
      'CONFLICT',
      runs
        ? `source ${name} runs already; stop it first to start it with other settings`
        : `source ${name} runs already, as the fallback of ${DEFAULT_SOURCE}`,
      { field: 'source' },
    )
  }

  /** The supervisor has logged the failure. A notice goes out only once no source runs any more. */
  #failed(part: string, { message }: QiError): void {
    if (this.parts().some(({ name }) => this.#supervisor.runs(name))) return
    this.#options.onNotice(`No source runs: ${part} failed: ${message}. Stored data is still served.`)
  }

  #run(name: string): void {
    this.#supervisor.add(partOf(name), (signal) => this.#publish(name, signal))
  }

  #defaultOrFallback(signal: AbortSignal): Promise<void> {
    return runWithFallback(
      {
        recheckMs: this.#options.recheckMs,
        check: (stop) => this.#check(DEFAULT_SOURCE, stop),
        primary: (stop) => this.#publish(DEFAULT_SOURCE, stop),
        fallback: (stop) => this.#publish(FALLBACK_SOURCE, stop),
        onChange: (running, reason) => {
          this.#fallback = running === 'fallback' ? { reason, since: Date.now() } : undefined
          this.#options.onNotice(
            running === 'primary'
              ? `CoinGecko reached: ${reason}`
              : `${reason}. Running on the SIMULATED market until CoinGecko answers; its records are marked simulated.`,
          )
        },
      },
      signal,
    )
  }

  async #check(name: string, signal: AbortSignal): Promise<CheckResult> {
    await using source = await this.#open(name)
    return await source.check(signal)
  }

  async #publish(name: string, signal: AbortSignal): Promise<void> {
    const { logger, engines } = this.#options
    const { store, stream, keeper } = engines
    let session: CoverageSession | undefined
    await using source = await this.#open(name, (...cut) => session?.outage(...cut) ?? UNRECORDED)
    await using running = await keeper.session(name, traitsOf(this.#named(name).type, this.#settingsOf(name)))
    session = running
    const { clock, calendars } = store
    const publisher = new CryptoDataPublisher({
      source,
      stream,
      logger: logger.child({ source: name }),
      now: clock.now,
      calendars,
    })
    this.#publishers.set(name, publisher)
    try {
      await publisher.run(signal)
      if (this.#named(name).type.finite && !signal.aborted) this.#finished(publisher.stats())
    } catch (error) {
      if (!publisher.refusedByStream) throw error
      // The stream's refusal is no final failure of the source.
      const { code, message } = toQiError(error)
      throw new QiError(code, message, { cause: error, retryable: true })
    } finally {
      await publisher.close()
      this.#publishers.delete(name)
    }
  }

  #finished({ source, received, published, invalid }: PublisherStats): void {
    const refused = invalid > 0 ? `, ${invalid} refused: qicore dlq list says why` : ''
    this.#options.onNotice(`${source} is finished: ${countOf(received, 'record')} read, ${published} published${refused}`)
  }

  #open(name: string, outage?: SourceContext['outage']) {
    return this.#named(name).type.open(this.#settingsOf(name), { ...this.#context(name), ...(outage && { outage }) })
  }

  get #instances(): ReadonlyMap<string, SourceInstance> {
    return this.#options.config.sources.instances
  }

  /** @throws QiError NOT_FOUND with the nearest name */
  #named(name: string): SourceInstance {
    const found = this.#instances.get(name)
    if (found) return found
    const hint = suggest(name, [...this.#instances.keys()])
    throw new QiError('NOT_FOUND', `source "${name.slice(0, 60)}": there is no such source${hint}`, { field: 'source' })
  }

  #settingsOf(name: string): Record<string, unknown> {
    return this.#settings.get(name) ?? this.#named(name).settings
  }

  #context(name: string): SourceContext {
    // One queue for all sources of this process.
    this.#rateLimits ??= new RateLimitsInUse(sharedRateLimits(this.#options.engines.store.pool))
    return {
      name,
      logger: this.#options.logger.child({ source: name }),
      rateLimit: this.#rateLimits.use,
      lastStored: (type) => lastStored(this.#options.engines.store.pool, name, type),
      interactions: readInteraction,
    }
  }
}

/** Traits of a source's series, by its settings. */
function traitsOf(type: SourceDefinition, settings: Record<string, unknown>): SeriesTraits {
  const calendar = type.calendar?.(settings)
  return {
    cadence: type.cadence?.(settings) ?? {},
    contiguous: type.contiguous?.(settings) ?? [],
    ...(calendar !== undefined && { calendar }),
  }
}
