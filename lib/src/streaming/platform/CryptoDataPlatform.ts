import { setTimeout } from 'node:timers/promises'
import {
  abortable,
  type CheckResult,
  Coverage,
  checkWithin,
  type History,
  type Logger,
  type PartHealth,
  type PlatformControl,
  type PlatformHealth,
  type PlatformStatus,
  QiError,
  recordTypes,
  type ServiceBudget,
  type ServiceControl,
  type Sink,
  type SourceContext,
  type SourceDefinition,
  type Store,
  type Stream,
  sharedRateLimits,
  silentLogger,
  type ToolHandles,
} from '../../base/index.ts'
import { consumers, sinkDefinitions } from '../../consumers/index.ts'
import { DockerServiceDSL } from '../../mcp-tools/datastream/docker/index.ts'
import { CryptoDataPublisher, sourceDefinitions } from '../../publishers/index.ts'
import { type Consumer, DeadLetters } from '../pipelines/index.ts'
import { CoverageKeeper } from './CoverageKeeper.ts'
import type { PlatformConfig } from './config.ts'
import { describePart, describeStandIn, type StandIn } from './describe.ts'
import { openStoreFor, openStreamFor } from './engines.ts'
import { runWithFallback } from './fallback.ts'
import { HealthLog, overall } from './health.ts'
import { readInteraction } from './interactions.ts'
import { RateLimitsInUse } from './rateLimits.ts'
import { Supervisor } from './supervisor.ts'
import { keepPolicies, keepRollups } from './upkeep/index.ts'

export interface PlatformOptions {
  readonly config: PlatformConfig
  readonly logger?: Logger
  /** Lines for people: what starts, what is missing, what is done instead. */
  readonly onNotice?: (line: string) => void
  /** How often CoinGecko is tried while the simulated market stands in, in milliseconds. Default 30,000. */
  readonly recheckMs?: number
  /** How often the platform looks at its own health, in milliseconds. Default 5,000. */
  readonly watchMs?: number
  /** Whether it is told of in the store as a platform that runs. Default true; a command that only helps to store is not. */
  readonly announced?: boolean
}

/** On stop, how long consumers may take to store what the sources gave. */
const DRAIN_MS = 5_000

/** An engine that takes longer to answer a check is unwell, whatever it says in the end. */
const CHECK_MS = 10_000

/** Everything composed: sources → publishers → stream → consumers → sinks, supervised. */
export class CryptoDataPlatform implements PlatformControl, AsyncDisposable {
  readonly config: PlatformConfig
  /** The engines that run in containers; the engine of these is asked when a verb is. */
  readonly services: ServiceControl
  readonly #logger: Logger
  readonly #notice: (line: string) => void
  readonly #recheckMs: number
  readonly #watchMs: number
  readonly #announced: boolean
  readonly #publishing: Supervisor
  readonly #consuming: Supervisor
  readonly #publishers = new Map<string, CryptoDataPublisher>()
  readonly #health: HealthLog
  readonly #watched = new AbortController()
  #state: PlatformStatus['state'] = 'new'
  #startedAt: number | undefined
  #store: Store | undefined
  #stream: Stream | undefined
  #rateLimits: RateLimitsInUse | undefined
  #deadLetters: DeadLetters | undefined
  #coverage: Coverage | undefined
  #keeper: CoverageKeeper | undefined
  #sinks: Sink[] = []
  #consumers: Consumer[] = []
  #watching: Promise<void> | undefined
  #standIn: StandIn | undefined

  constructor({
    config,
    logger = silentLogger,
    onNotice = () => {},
    recheckMs = 30_000,
    watchMs = 5_000,
    announced = true,
  }: PlatformOptions) {
    this.config = config
    this.services = new DockerServiceDSL(config.services)
    this.#logger = logger
    this.#notice = onNotice
    this.#recheckMs = recheckMs
    this.#watchMs = watchMs
    this.#announced = announced
    this.#health = new HealthLog(logger)
    this.#publishing = new Supervisor(logger)
    this.#consuming = new Supervisor(logger)
  }

  get store(): Store {
    return this.#opened(this.#store)
  }

  get stream(): Stream {
    return this.#opened(this.#stream)
  }

  get coverage(): Coverage {
    return this.#opened(this.#coverage)
  }

  get deadLetters(): DeadLetters {
    return this.#opened(this.#deadLetters)
  }

  /** What tools work on. @throws QiError CLOSED before initialize() */
  get toolHandles(): ToolHandles {
    const { store, stream, coverage, deadLetters } = this
    return { store, stream, coverage, deadLetters, platform: this, services: this.services, logger: this.#logger }
  }

  /**
   * Opens store, stream and sinks; creates tables and topics.
   * @param signal gives up waiting for what does not answer
   * @throws QiError when one cannot be had
   */
  async initialize(signal?: AbortSignal): Promise<void> {
    if (this.#state !== 'new') throw new QiError('CONFLICT', `the platform is ${this.#state}; a new one is needed`)
    try {
      const context = { logger: this.#logger, onNotice: this.#notice, signal }
      this.#store = await openStoreFor(this.config, context)
      this.#stream = await openStreamFor(this.config, this.#store, context)
      await this.#stream.createTopics(
        Object.values(recordTypes).map((type) => type.topic),
        { partitions: this.config.partitions },
      )
      this.#deadLetters = new DeadLetters(this.#stream)
      this.#coverage = await Coverage.open(this.#store.pool)
      for (const name of this.config.sinks) {
        const definition = sinkDefinitions[name]
        if (definition)
          this.#sinks.push(await definition.open(settingsFor(this.config, name), { store: this.#store, logger: this.#logger }))
      }
      for (const name of ['store', 'stream']) this.#health.note({ name, status: 'up', summary: 'opened' })
      this.#state = 'initialized'
    } catch (error) {
      await this.#closeAll()
      throw error
    }
  }

  /** Starts consumers, then sources. Returns at once: what fails afterwards is started again and shows in the status. */
  async start(): Promise<void> {
    if (this.#state === 'new') await this.initialize()
    if (this.#state !== 'initialized') throw new QiError('CONFLICT', `the platform is ${this.#state}`)
    this.#state = 'running'
    this.#startedAt = Date.now()
    if (this.#announced) {
      this.#keeper = new CoverageKeeper(this.coverage, this.#logger)
      await this.#keeper.start()
      this.#startUpkeep()
      this.#watching = this.#watch(this.#watched.signal)
    }
    for (const name of this.config.consumers) this.#startConsumer(name)
    if (this.config.sources) {
      for (const name of this.config.sources)
        if (name !== 'none') this.#publishing.add(`source ${name}`, (signal) => this.#publish(name, signal))
    } else this.#publishing.add(STAND_IN_FOR, (signal) => this.#coingeckoOrSimulated(signal))
  }

  /** Drains: sources first, so that what they gave is appended, then consumers, so that what they read is stored. */
  async stop(): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    this.#state = 'stopping'
    this.#watched.abort()
    await this.#watching
    await this.#publishing.stop()
    await this.#caughtUp(DRAIN_MS)
    await this.#consuming.stop()
    await this.#keeper?.stop()
    await this.#closeAll()
    this.#state = 'stopped'
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  getStatus(): PlatformStatus {
    return {
      state: this.#state,
      ...(this.#startedAt && { startedAt: this.#startedAt }),
      store: this.store.capabilities.timescale ? 'TimescaleDB' : this.config.database.url ? 'PostgreSQL' : 'embedded PostgreSQL',
      stream: this.stream.engine,
      publishers: [...this.#publishers.values()].map((publisher) => publisher.stats()),
      consumers: this.#consumers.map((consumer) => consumer.stats()),
      parts: [...this.#publishing.status(), ...this.#consuming.status()],
    }
  }

  /** What is left of the rate limits that the sources have used since the start. @throws QiError UNAVAILABLE */
  async rateLimits(): Promise<readonly ServiceBudget[]> {
    return (await this.#rateLimits?.budgets()) ?? []
  }

  /** Exercises store and stream, and says which part is unwell, since when, why, and what is done about it. */
  async health(): Promise<PlatformHealth> {
    const [store, stream] = await Promise.all([
      checkWithin(CHECK_MS, 'the store', () => this.store.check()),
      checkWithin(CHECK_MS, 'the stream', () => this.stream.check()),
    ])
    const status = this.getStatus()
    const engine = (name: string, found: CheckResult): PartHealth =>
      this.#health.note({
        name,
        status: found.ok ? 'up' : 'down',
        summary: found.summary,
        ...(found.ok ? {} : { action: ['it is tried again until it answers', found.remedy].filter(Boolean).join('; ') }),
      })
    const supervised = status.parts.map((part) => {
      const { since, ...how } =
        this.#standIn && part.name === STAND_IN_FOR ? describeStandIn(this.#standIn) : describePart(part, status)
      return this.#health.note(how, since)
    })
    const all = [engine('store', store), engine('stream', stream), ...supervised]
    return { status: overall(all, ['store', 'stream']), parts: all }
  }

  /** Asks now and then, so that since when a part is unwell is known even where nobody else asks. */
  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await abortable(this.health(), signal).catch(() => {})
      await setTimeout(this.#watchMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #startConsumer(name: string): void {
    const consumer = consumers[name]?.open({
      stream: this.stream,
      sinks: this.#sinks,
      deadLetters: this.deadLetters,
      logger: this.#logger.child({ consumer: name }),
      limits: consumerLimits(this.config),
    })
    if (!consumer) throw new QiError('CONFIG_INVALID', `consumers: there is no consumer named ${name}`)
    this.#consumers.push(consumer)
    this.#consuming.add(`consumer ${name}`, (signal) => consumer.run(signal))
  }

  /** What keeps the store in shape while records come and go. */
  #startUpkeep(): void {
    const { store: settings } = this.config
    this.#consuming.add('rollups', (signal) => keepRollups(this.store, settings.rollups, signal))
    const logger = this.#logger.child({ part: 'janitor' })
    this.#consuming.add('janitor', (signal) => keepPolicies(this.store, settings, logger, signal))
  }

  #coingeckoOrSimulated(signal: AbortSignal): Promise<void> {
    return runWithFallback(
      {
        recheckMs: this.#recheckMs,
        check: (stop) => this.#check('coingecko', stop),
        primary: (stop) => this.#publish('coingecko', stop),
        fallback: (stop) => this.#publish('simulated', stop),
        onChange: (running, reason) => {
          this.#standIn = running === 'fallback' ? { name: STAND_IN_FOR, reason, since: Date.now() } : undefined
          this.#notice(
            running === 'primary'
              ? `CoinGecko reached: ${reason}`
              : `CoinGecko cannot be reached (${reason}). Running on the SIMULATED market until it can; its records are marked simulated.`,
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
    const logger = this.#logger.child({ source: name })
    await using source = await this.#open(name)
    const cadence = this.#definition(name).cadence?.(settingsFor(this.config, name)) ?? {}
    await using _session = await this.#keeper?.session(name, cadence)
    const publisher = new CryptoDataPublisher({ source, stream: this.stream, logger })
    this.#publishers.set(name, publisher)
    try {
      await publisher.run(signal)
    } finally {
      await publisher.close()
      this.#publishers.delete(name)
    }
  }

  #open(name: string) {
    return this.#definition(name).open(settingsFor(this.config, name), this.#sourceContext(name))
  }

  /** The past of a source, which the caller closes. @throws QiError UNSUPPORTED for a source that gives none */
  async openHistory(name: string): Promise<History> {
    const { history } = this.#definition(name)
    if (!history) {
      const given = Object.values(sourceDefinitions).filter((definition) => definition.history)
      const names = given.map((definition) => definition.name).join(', ')
      throw new QiError('UNSUPPORTED', `${name} gives no history; ${names} do`)
    }
    return history(settingsFor(this.config, name), this.#sourceContext(name))
  }

  #definition(name: string): SourceDefinition {
    const definition: SourceDefinition | undefined = sourceDefinitions[name]
    if (!definition) throw new QiError('CONFIG_INVALID', `sources: there is no source named ${name}`)
    return definition
  }

  #sourceContext(name: string): SourceContext {
    // One for all sources, so that calls of this process queue in one place.
    this.#rateLimits ??= new RateLimitsInUse(sharedRateLimits(this.store.pool))
    return {
      logger: this.#logger.child({ source: name }),
      rateLimit: this.#rateLimits.use,
      interactions: readInteraction,
    }
  }

  /** Returns when all that was appended has been stored, or the time is up; the rest is stored at the next start. */
  async #caughtUp(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs
    const groups = this.#consumers.map((consumer) => consumer.stats().group)
    while (Date.now() < deadline) {
      const lags = await Promise.all(groups.map((group) => this.stream.lag(group))).catch(() => [])
      const running = this.#consumers.every((consumer) => consumer.stats().state === 'running')
      if (!running || lags.flat().every(({ lag }) => lag === 0n)) return
      await setTimeout(20)
    }
  }

  async #closeAll(): Promise<void> {
    for (const sink of this.#sinks) await sink.close()
    await this.#stream?.close()
    await this.#store?.close()
  }

  #opened<T>(value: T | undefined): T {
    if (value === undefined) throw new QiError('CLOSED', 'the platform is not initialized: call initialize() first')
    return value
  }
}

const settingsFor = (config: PlatformConfig, name: string): Record<string, unknown> => config[name] as Record<string, unknown>

const consumerLimits = ({ consumer }: PlatformConfig) => ({
  lanes: consumer.lanes,
  maxRecords: consumer.max_records,
  lingerMs: consumer.linger_ms,
  maxBytes: consumer.max_bytes,
})

/** The part whose source the simulated market may stand in for. */
const STAND_IN_FOR = 'source coingecko'
