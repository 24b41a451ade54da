import { setTimeout } from 'node:timers/promises'
import {
  abortable,
  type BackfillRequest,
  type BackfillResult,
  type BackfillRunOptions,
  Coverage,
  type HandedIn,
  type History,
  type Logger,
  type Outage,
  type PlatformControl,
  type PlatformHealth,
  type PlatformStatus,
  QiError,
  type ReprocessOptions,
  type ReprocessRequest,
  type ReprocessResult,
  recordTypes,
  type ServiceBudget,
  type ServiceControl,
  type SinkDefinition,
  type SourceParts,
  type SourceStatus,
  type Store,
  type Stream,
  silentLogger,
  type ToolHandles,
  TopicCatalogue,
} from '../../base/index.ts'
import { sinkDefinitions } from '../../consumers/index.ts'
import type { MCPServerManager } from '../../mcp-launchers/index.ts'
import { DockerServiceDSL } from '../../mcp-tools/datastream/docker/index.ts'
import { DeadLetters, STORE } from '../pipelines/index.ts'
import type { AgentHost } from './agents/AgentHost.ts'
import { Agents } from './agents/Agents.ts'
import { Backfill } from './backfill/Backfill.ts'
import { CoverageKeeper } from './CoverageKeeper.ts'
import { caughtUp } from './caughtUp.ts'
import type { PlatformConfig } from './config.ts'
import { Deliveries } from './Deliveries.ts'
import { DestinationChecks } from './DestinationChecks.ts'
import { openStoreFor, openStreamFor } from './engines.ts'
import { handIn } from './handIn.ts'
import { HealthLog } from './health.ts'
import { healthOf } from './healthOf.ts'
import { McpServers } from './McpServers.ts'
import { openPipelines, PipelineRunner, type Pipelines } from './pipelines/index.ts'
import { reprocess } from './reprocess.ts'
import { Sources } from './Sources.ts'
import { Supervisor } from './supervisor.ts'
import { Upkeep } from './upkeep/index.ts'

export interface PlatformOptions {
  readonly config: PlatformConfig
  readonly logger?: Logger
  /** Lines for people: what starts, what is missing, what is done instead. */
  readonly onNotice?: (line: string) => void
  /** How often CoinGecko is tried while the simulated market stands in, in milliseconds. Default 30,000. */
  readonly recheckMs?: number
  /** How often the platform looks at its own health, in milliseconds. Default 5,000. */
  readonly watchMs?: number
  /** Types of sinks beside the built-in ones, by name. */
  readonly sinkTypes?: Readonly<Record<string, SinkDefinition>>
  /** Whether it is told of in the store as a platform that runs. Default true; a command that only helps to store is not. */
  readonly announced?: boolean
}

/** On stop, how long consumers may take to store what the sources gave. */
const DRAIN_MS = 5_000

/** Everything composed: sources → publishers → stream → consumers → destinations, supervised. */
export class CryptoDataPlatform implements PlatformControl, AsyncDisposable {
  readonly config: PlatformConfig
  /** The engines that run in containers; the engine of these is asked when a verb is. */
  readonly services: ServiceControl
  /** The record type of each topic, those of deployed pipelines among them. */
  readonly catalogue = new TopicCatalogue()
  /** Declared pipelines. */
  readonly pipelines: Pipelines
  readonly #logger: Logger
  readonly #notice: ((line: string) => void) | undefined
  readonly #watchMs: number
  readonly #announced: boolean
  /** Deliveries: pipelines into destinations. */
  readonly deliveries: Deliveries
  readonly #sources: Sources
  readonly #consuming: Supervisor
  readonly #checks: DestinationChecks
  readonly #health: HealthLog
  readonly #agents: Agents
  readonly #watched = new AbortController()
  #state: PlatformStatus['state'] = 'new'
  #startedAt: number | undefined
  #store: Store | undefined
  #mcpServers: McpServers | undefined
  #stream: Stream | undefined
  #deadLetters: DeadLetters | undefined
  #coverage: Coverage | undefined
  #keeper: CoverageKeeper | undefined
  #runner: PipelineRunner | undefined
  #upkeep: Upkeep | undefined
  #watching: Promise<void> | undefined

  constructor({
    config,
    logger = silentLogger,
    onNotice,
    recheckMs = 30_000,
    watchMs = 5_000,
    announced = true,
    sinkTypes = {},
  }: PlatformOptions) {
    this.config = config
    this.services = new DockerServiceDSL(config.services)
    this.#logger = logger
    this.#notice = onNotice
    this.#watchMs = watchMs
    this.#announced = announced
    this.#health = new HealthLog(logger)
    const engines = () => ({
      store: this.store,
      stream: this.stream,
      coverage: this.coverage,
      keeper: this.#opened(this.#keeper),
    })
    this.#sources = new Sources({ config, logger, notice: onNotice ?? (() => {}), recheckMs, engines })
    this.#consuming = new Supervisor(logger)
    this.deliveries = new Deliveries({
      config,
      logger,
      supervisor: this.#consuming,
      types: { ...sinkDefinitions, ...sinkTypes },
      engines: () => ({ store: this.store, stream: this.stream, deadLetters: this.deadLetters, catalogue: this.catalogue }),
    })
    this.#checks = new DestinationChecks(this.deliveries)
    this.pipelines = openPipelines(config, () => this.store.pool, this.deliveries.destinations)
    this.#agents = new Agents({
      settings: config.agents,
      llm: config.llm,
      logger,
      // They act on what they read, and repeat an act that a replica does not show yet.
      handles: () => ({ ...this.toolHandles, reads: this.store }),
      servers: () => this.mcpServers,
    })
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

  /** The MCP servers of others; none before initialize(). */
  get mcpServers(): MCPServerManager | undefined {
    return this.#mcpServers?.manager
  }

  /** The handles that tools use. @throws QiError CLOSED before initialize() */
  get toolHandles(): ToolHandles {
    const { store, stream, coverage, deadLetters, catalogue, pipelines, services } = this
    const engines = { store, reads: store.reads, stream, coverage, deadLetters, catalogue }
    return { ...engines, pipelines, platform: this, services, logger: this.#logger }
  }

  /**
   * Opens store and stream; creates tables and topics. Destinations are opened by their deliveries.
   * @param signal gives up waiting for what does not answer
   * @throws QiError when one cannot be had
   */
  async initialize(signal?: AbortSignal): Promise<void> {
    if (this.#state !== 'new') throw new QiError('CONFLICT', `the platform is ${this.#state}; a new one is needed`)
    try {
      const context = { logger: this.#logger, onNotice: this.#notice, signal, catalogue: this.catalogue }
      this.#store = await openStoreFor(this.config, context)
      this.#stream = await openStreamFor(this.config, this.#store, context)
      await this.#stream.createTopics(
        Object.values(recordTypes).map((type) => type.topic),
        { partitions: this.config.partitions },
      )
      this.#deadLetters = new DeadLetters(this.#stream, this.catalogue)
      this.#coverage = await Coverage.open(this.#store.pool)
      this.#keeper = new CoverageKeeper(this.#coverage, this.#logger)
      await this.pipelines.declareTopics(this.catalogue)
      for (const name of ['store', 'stream']) this.#health.note({ name, status: 'up', summary: 'opened' })
      if (this.#announced) {
        this.#mcpServers = new McpServers(this.config, this.#logger, this.#store)
        this.#mcpServers.start()
      }
      this.#state = 'initialized'
    } catch (error) {
      await this.#closeAll()
      throw error
    }
  }

  /** Starts consumers, then sources. Waits for none of them: what fails afterwards shows in the status, and is started again where that can mend it. */
  async start(): Promise<void> {
    if (this.#state === 'new') await this.initialize()
    if (this.#state !== 'initialized') throw new QiError('CONFLICT', `the platform is ${this.#state}`)
    this.#state = 'running'
    this.#startedAt = Date.now()
    if (this.#announced) {
      await this.#keeper?.start()
      const { config, store, stream, deadLetters, deliveries, pipelines } = this
      const engines = { config, store, stream, deadLetters, deliveries, pipelines }
      this.#upkeep = new Upkeep({ ...engines, supervisor: this.#consuming, logger: this.#logger })
      await this.#upkeep.start()
      this.#watching = this.#watch(this.#watched.signal)
    }
    if (this.#announced) {
      await this.#startPipelines()
      this.#upkeep?.startGroups()
    } else this.deliveries.startStore()
    this.#sources.startConfigured()
    if (this.#announced) this.#agents.start()
  }

  /** Drains: sources first, so that what they gave is appended, then consumers, so that what they read is stored. */
  async stop(): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    this.#state = 'stopping'
    this.#watched.abort()
    await this.#watching
    await this.#agents.stop()
    await this.#sources.stopAll()
    await this.#runner?.close()
    await caughtUp(this.stream, () => this.deliveries.stats().filter(({ destination }) => destination === STORE), DRAIN_MS)
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
      publishers: this.#sources.stats(),
      consumers: this.deliveries.stats(),
      parts: [...this.#sources.parts(), ...this.#consuming.status()],
    }
  }

  /** What is left of the rate limits that the sources have used since the start. @throws QiError UNAVAILABLE */
  rateLimits(): Promise<readonly ServiceBudget[]> {
    return this.#sources.rateLimits()
  }

  /** Exercises store and stream, and says which part is unwell, since when, why, and what is done about it. */
  health(): Promise<PlatformHealth> {
    const others = async () => [...(this.#mcpServers?.health() ?? []), ...(await this.#agents.health())]
    const { store, stream } = this
    return healthOf({
      ...{ store, stream, status: this.getStatus(), sources: this.#sources, destinations: this.#checks, others },
      ...{
        pipelines: [...(this.#runner?.health() ?? []), ...(this.#upkeep?.health() ?? [])],
        log: this.#health,
        noticed: this.#notice !== undefined,
      },
    })
  }

  /** Asks now and then, so that since when a part is unwell is known even where nobody else asks. */
  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await abortable(this.health(), signal).catch(() => {})
      await setTimeout(this.#watchMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Those of the configuration, and what is deployed. */
  #startPipelines(): Promise<void> {
    const { deliveries, pipelines, catalogue, store, stream } = this
    const { partitions } = this.config
    deliveries.startConfigured()
    this.#runner = new PipelineRunner({ pipelines, deliveries, catalogue, store, stream, partitions, logger: this.#logger })
    return this.#runner.start()
  }

  /** The past of a source, which the caller closes. @throws QiError UNSUPPORTED for a source that gives none */
  openHistory(name: string): Promise<History> {
    return this.#sources.openHistory(name)
  }

  /**
   * What has the agents' workflows carried out. Where no platform stores what they publish, this process does, unless it only
   * observes.
   * @throws QiError CONFLICT where this process hosts the agents of another platform, UNAVAILABLE
   */
  async openAgents(options: { readonly observing?: boolean } = {}): Promise<AgentHost> {
    this.#checkWorking()
    const host = await this.#agents.host(options)
    if (!options.observing && !(await this.coverage.platformRuns())) this.deliveries.startStore()
    return host
  }

  /** @throws QiError UNAVAILABLE */
  listAgents(): ReturnType<Agents['overview']> {
    return this.#agents.overview()
  }

  listSources(): readonly SourceStatus[] {
    return this.#sources.list()
  }

  sourceParts(name: string): SourceParts {
    this.#checkWorking()
    return this.#sources.partsOf(name)
  }

  async startSource(name: string, settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.#checkWorking()
    await this.#sources.start(name, settings)
    if (!(await this.coverage.platformRuns())) this.deliveries.startStore()
  }

  async stopSource(name: string): Promise<void> {
    this.#checkWorking()
    await this.#sources.stop(name)
  }

  async scaleConsumer(name: string, members: number): Promise<void> {
    this.#checkWorking()
    await this.deliveries.scale(name, members)
  }

  async resumeDelivery(name: string): Promise<void> {
    this.#checkWorking()
    this.deliveries.resume(name)
  }

  async restartPart(name: string): Promise<void> {
    this.#checkWorking()
    await (this.#sources.supervises(name) ? this.#sources.restart(name) : this.#consuming.restart(name))
  }

  outages(): readonly Outage[] {
    return this.#health.outages()
  }

  async backfill(request: BackfillRequest, options: BackfillRunOptions = {}): Promise<BackfillResult> {
    this.#checkWorking()
    const { config, store, coverage, stream } = this
    const host = {
      config,
      store,
      coverage,
      stream,
      openHistory: (source: string) => this.openHistory(source),
      consume: async () => this.deliveries.startStore(),
    }
    await using backfill = new Backfill(host, this.#logger)
    return await backfill.run(await abortable(backfill.plan(request), options.signal), options)
  }

  async handIn(...given: Parameters<PlatformControl['handIn']>): Promise<HandedIn> {
    this.#checkWorking()
    return handIn({ platform: this, logger: this.#logger, consume: () => this.deliveries.startStore() }, ...given)
  }

  async reprocess(request: ReprocessRequest, options?: ReprocessOptions): Promise<ReprocessResult> {
    this.#checkWorking()
    const { store, stream, deadLetters, catalogue } = this
    return reprocess({ store, stream, deadLetters, catalogue }, request, options)
  }

  async #closeAll(): Promise<void> {
    await this.#mcpServers?.stop()
    await this.#stream?.close()
    await this.#store?.close()
  }

  #checkWorking(): void {
    if (this.#state === 'initialized' || this.#state === 'running') return
    throw new QiError('CLOSED', `the platform is ${this.#state}`)
  }

  #opened<T>(value: T | undefined): T {
    if (value === undefined) throw new QiError('CLOSED', 'the platform is not initialized: call initialize() first')
    return value
  }
}
