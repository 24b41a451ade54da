import {
  type CheckResult,
  type Coverage,
  type CoverageSession,
  countOf,
  type History,
  type Logger,
  type PublisherStats,
  QiError,
  RateLimitLedger,
  type SourceContext,
  type SourceInstance,
  type SourceParts,
  type SourceStatus,
  type Store,
  type Stream,
  sharedRateLimits,
  suggest,
  toQiError,
  withTimeout,
} from '../../base/index.ts'
import { CryptoDataPublisher } from '../../publishers/index.ts'
import type { CoverageKeeper } from './CoverageKeeper.ts'
import type { PlatformConfig } from './config.ts'
import type { StandIn } from './describe.ts'
import { runWithFallback } from './fallback.ts'
import { readInteraction } from './interactions.ts'
import { PenaltyHealth, RateLimitsInUse } from './rateLimits.ts'
import { describeSettings, settingsWith } from './sourceSettings.ts'
import { Supervisor } from './supervisor.ts'
import { traitsOf } from './traits.ts'

/** The source that the simulated market may stand in for. */
const USUAL = 'coingecko'
const STAND_IN = 'simulated'
export const STAND_IN_FOR = `source ${USUAL}`

/** The checks of the health before it have waited for the store already. */
const PENALTIES_MS = 2000

const partOf = (name: string): string => `source ${name}`
const sourceOf = (part: string): string => part.replace(/^source /, '')

/** Codes that say the same at each start until somebody changes a setting, a key or a file. */
const FINAL: ReadonlySet<string> = new Set([
  'CONFIG_INVALID',
  'BAD_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'UNSUPPORTED',
])

/** True if starting the source again would fail the same way; a finite input breaks at each reading. */
export const isFinalFailure = ({ retryable, code }: QiError, finite: boolean): boolean =>
  !retryable && (finite || FINAL.has(code))

/** An outage while nothing can be told of the source. */
const UNTOLD: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} }

export interface SourcesOptions {
  readonly config: PlatformConfig
  readonly logger: Logger
  readonly notice: (line: string) => void
  readonly recheckMs: number
  /** Available once the platform is initialized. */
  readonly engines: () => {
    readonly store: Store
    readonly stream: Stream
    readonly coverage: Coverage
    readonly keeper: CoverageKeeper
  }
}

/** The sources of a platform: each runs supervised, into the stream, until it is stopped. */
export class Sources {
  readonly #options: SourcesOptions
  readonly #supervisor: Supervisor
  readonly #publishers = new Map<string, CryptoDataPublisher>()
  /** Of sources that were started with settings of their own. */
  readonly #settings = new Map<string, Record<string, unknown>>()
  #rateLimits: RateLimitsInUse | undefined
  #penalties: PenaltyHealth | undefined
  #standIn: StandIn | undefined

  constructor(options: SourcesOptions) {
    this.#options = options
    this.#supervisor = new Supervisor(options.logger, {
      isFinal: (part, error) => isFinalFailure(error, this.#named(sourceOf(part)).type.finite ?? false),
      onFinal: (part, error) => this.#failed(part, error),
    })
  }

  /** Why the simulated market runs in a source's place, where it does. */
  get standIn(): StandIn | undefined {
    return this.#standIn
  }

  /** Those of the configuration; where it names none, CoinGecko, or the simulated market while that cannot be reached. */
  startConfigured(): void {
    const { run } = this.#options.config.sources
    if (!run) this.#supervisor.add(STAND_IN_FOR, (signal) => this.#usualOrSimulated(signal))
    else for (const name of run) this.#run(name)
  }

  /** @throws QiError NOT_FOUND, BAD_REQUEST, CONFLICT */
  async start(name: string, given: Readonly<Record<string, unknown>>): Promise<void> {
    const instance = this.#named(name)
    this.#refuseSecond(name)
    const settings = settingsWith(instance, given)
    if (await this.#options.engines().coverage.runs(name))
      throw new QiError(
        'CONFLICT',
        `source ${name} runs in another process on this store, or ended there seconds ago; stop it there before it is started here`,
        { field: 'source' },
      )
    this.#refuseSecond(name)
    this.#settings.set(name, settings)
    this.#run(name)
  }

  /** Returns when what it gave is in the stream. @throws QiError NOT_FOUND, CONFLICT */
  async stop(name: string): Promise<void> {
    this.#named(name)
    const failed = this.parts().some((part) => part.name === partOf(name) && part.state === 'failed')
    if (failed) await this.#supervisor.remove(partOf(name))
    else if (!this.#supervisor.runs(partOf(name))) {
      const why = this.#publishers.has(name)
        ? `it stands in for ${USUAL}, which has to be stopped instead`
        : 'it does not run here'
      throw new QiError('CONFLICT', `source ${name} cannot be stopped: ${why}`, { field: 'source' })
    } else await this.#supervisor.stopPart(partOf(name))
    this.#settings.delete(name)
    if (partOf(name) === STAND_IN_FOR) this.#standIn = undefined
  }

  supervises(part: string): boolean {
    return this.parts().some(({ name }) => name === part)
  }

  /** With the settings that it has. */
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
      const standsIn = this.#standIn !== undefined && name === STAND_IN && this.#publishers.has(name) && !parts.has(partOf(name))
      return {
        name,
        type: type.name,
        summary: type.summary,
        state: parts.get(partOf(name)) ?? (standsIn ? 'running' : 'idle'),
        ...(standsIn && { standsInFor: USUAL }),
        history: type.history !== undefined,
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

  /** What is left of the rate limits that were used. @throws QiError UNAVAILABLE */
  async rateLimits() {
    return (await this.#rateLimits?.budgets()) ?? []
  }

  /** Penalties in the store, of other processes too; none while the store does not answer, which has a part of its own. */
  async penalties() {
    this.#penalties ??= new PenaltyHealth(new RateLimitLedger(this.#options.engines().store.pool))
    const asked = this.#penalties
    return withTimeout(PENALTIES_MS, 'the rate limits', () => asked.parts()).catch(() => [])
  }

  /** The past of a source, which the caller closes. @throws QiError NOT_FOUND; UNSUPPORTED for a source that gives none */
  async openHistory(name: string): Promise<History> {
    const { type } = this.#named(name)
    if (!type.history) {
      const given = [...this.#instances.values()].filter((instance) => instance.type.history)
      throw new QiError('UNSUPPORTED', `${name} gives no history; ${given.map((instance) => instance.name).join(', ')} do`)
    }
    const settings = this.#settingsOf(name)
    // A source that never ran has said nothing of its series yet.
    await this.#options.engines().coverage.introduce(name, traitsOf(type, settings))
    return type.history(settings, this.#context(name))
  }

  #refuseSecond(name: string): void {
    const runs = this.#supervisor.runs(partOf(name))
    if (!runs && !this.#publishers.has(name)) return
    throw new QiError(
      'CONFLICT',
      runs
        ? `source ${name} runs already; stop it first to start it with other settings`
        : `source ${name} runs already: it stands in for ${USUAL}`,
      { field: 'source' },
    )
  }

  /** The log has the failure; people are told where nothing is acquired any more. */
  #failed(part: string, { message }: QiError): void {
    if (this.parts().some(({ name }) => this.#supervisor.runs(name))) return
    this.#options.notice(`No source runs: ${part} failed: ${message}. Stored data is still served.`)
  }

  #run(name: string): void {
    this.#supervisor.add(partOf(name), (signal) => this.#publish(name, signal))
  }

  #usualOrSimulated(signal: AbortSignal): Promise<void> {
    return runWithFallback(
      {
        recheckMs: this.#options.recheckMs,
        check: (stop) => this.#check(USUAL, stop),
        primary: (stop) => this.#publish(USUAL, stop),
        fallback: (stop) => this.#publish(STAND_IN, stop),
        onChange: (running, reason) => {
          this.#standIn = running === 'fallback' ? { name: STAND_IN_FOR, reason, since: Date.now() } : undefined
          this.#options.notice(
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
    const { store, stream, keeper } = engines()
    let session: CoverageSession | undefined
    await using source = await this.#open(name, (series, reason) => session?.outage(series, reason) ?? UNTOLD)
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
      // A stream that refuses says nothing about the source.
      const { code, message } = toQiError(error)
      throw new QiError(code, message, { cause: error, retryable: true })
    } finally {
      await publisher.close()
      this.#publishers.delete(name)
    }
  }

  #finished({ source, received, published, invalid }: PublisherStats): void {
    const refused = invalid > 0 ? `, ${invalid} refused: qicore dlq list says why` : ''
    this.#options.notice(`${source} is finished: ${countOf(received, 'record')} read, ${published} published${refused}`)
  }

  #open(name: string, outage?: SourceContext['outage']) {
    return this.#named(name).type.open(this.#settingsOf(name), { ...this.#context(name), ...(outage && { outage }) })
  }

  get #instances(): ReadonlyMap<string, SourceInstance> {
    return this.#options.config.sources.instances
  }

  /** @throws QiError NOT_FOUND naming the nearest */
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
    // One for all sources, so that calls of this process queue in one place.
    this.#rateLimits ??= new RateLimitsInUse(sharedRateLimits(this.#options.engines().store.pool))
    return {
      name,
      logger: this.#options.logger.child({ source: name }),
      rateLimit: this.#rateLimits.use,
      interactions: readInteraction,
    }
  }
}
