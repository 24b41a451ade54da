import type { ToolHandles } from '../../base/agent/index.ts'
import type { Coverage, Store } from '../../base/database/index.ts'
import {
  type BackfillRequest,
  type BackfillResult,
  type BackfillRunOptions,
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
  type ServiceBudget,
  type ServiceControl,
  type SinkDefinition,
  type SourceParts,
  type SourceStatus,
  type Stream,
  silentLogger,
  type TopicCatalogue,
} from '../../base/types/index.ts'
import type { MCPServerManager } from '../../mcp-launchers/index.ts'
import { DockerServiceDSL } from '../../mcp-tools/datastream/docker/index.ts'
import type { DeadLetters } from '../pipelines/index.ts'
import type { AgentHost } from './agents/AgentHost.ts'
import type { Agents } from './agents/Agents.ts'
import { type BackfillHost, runBackfill } from './backfill/Backfill.ts'
import type { PlatformConfig } from './config.ts'
import type { Deliveries } from './deliveries/Deliveries.ts'
import { handIn } from './handIn/handIn.ts'
import type { Pipelines } from './pipelines/index.ts'
import { reprocess } from './reprocess.ts'
import { makeWorkers, type Workers } from './workers.ts'

export interface PlatformOptions {
  readonly config: PlatformConfig
  readonly logger?: Logger
  /** Called with one line for people: what starts, what is missing, which fallback runs. */
  readonly onNotice?: (line: string) => void
  /** Milliseconds between two tries of CoinGecko while its fallback runs. Default 30,000. */
  readonly recheckMs?: number
  /** Milliseconds between two checks of the platform's own health. Default 5,000. */
  readonly watchMs?: number
  /** Types of sinks beside the built-in ones, by name. */
  readonly sinkTypes?: Readonly<Record<string, SinkDefinition>>
  /**
   * `command`: a program that uses the platform's parts for a while. It records no heartbeat, and runs no upkeep, deployed pipelines,
   * agents or MCP servers. Default `platform`.
   */
  readonly role?: 'platform' | 'command'
}

/**
 * The whole platform: sources → publishers → stream → deliveries → destinations, all supervised. This class composes named workers and
 * forwards to them.
 *
 * | state | entered by | left by |
 * |---|---|---|
 * | `new` | constructor | initialize() → `initialized` |
 * | `initialized` | store and stream are open | start() → `running`; stop() |
 * | `running` | start() | stop() → `stopping` |
 * | `stopping` | stop() drains | everything is closed → `stopped` |
 */
export class CryptoDataPlatform implements PlatformControl, AsyncDisposable {
  readonly config: PlatformConfig
  /** The services that run in containers. Docker is called at the first use. */
  readonly services: ServiceControl
  /** The record type of each topic, topics of deployed pipelines included. */
  readonly catalogue: TopicCatalogue
  /** Pipelines: declared, deployed, stopped. */
  readonly pipelines: Pipelines
  /** Deliveries of this process. */
  readonly deliveries: Deliveries
  readonly #logger: Logger
  readonly #role: 'platform' | 'command'
  readonly #workers: Workers
  #state: PlatformStatus['state'] = 'new'
  #startedAt: number | undefined
  #monitoring: Promise<void> | undefined
  #flowing: Promise<void> | undefined

  constructor({ config, logger = silentLogger, onNotice, role = 'platform', ...options }: PlatformOptions) {
    const { recheckMs = 30_000, watchMs = 5_000, sinkTypes = {} } = options
    this.#workers = makeWorkers({
      ...{ config, logger, onNotice, recheckMs, watchMs, sinkTypes },
      status: () => this.getStatus(),
      // Agents read from the primary: on a stale replica they would repeat what they have just done.
      handles: () => ({ ...this.toolHandles, reads: this.store }),
    })
    const { engines, pipelines, deliveries } = this.#workers
    this.config = config
    this.services = new DockerServiceDSL(config.services)
    this.catalogue = engines.catalogue
    this.pipelines = pipelines
    this.deliveries = deliveries
    this.#logger = logger
    this.#role = role
  }

  /**
   * Opens store and stream, creates tables and topics, starts MCP servers. Destinations are opened by their deliveries.
   * @param signal aborts the wait for an engine that does not answer
   * @throws QiError of the engine that cannot be opened; CONFLICT after the first call
   */
  async initialize(signal?: AbortSignal): Promise<void> {
    if (this.#state !== 'new') throw new QiError('CONFLICT', `the platform is ${this.#state}; make a new one`)
    const { engines, health } = this.#workers
    try {
      await engines.open(signal)
      await this.pipelines.declareTopics(this.catalogue)
      health.opened()
      if (this.#role === 'platform') this.startMCPServers()
    } catch (error) {
      await this.#close()
      throw error
    }
    this.#state = 'initialized'
  }

  /** Starts everything, in this order. Waits for none of the parts: a later failure shows in the status and is retried where that helps. */
  async start(): Promise<void> {
    if (this.#state === 'new') await this.initialize()
    if (this.#state !== 'initialized') throw new QiError('CONFLICT', `the platform is ${this.#state}`)
    this.#state = 'running'
    this.#startedAt = Date.now()
    if (this.#role === 'platform') await this.startMonitoring()
    await this.startDataFlow()
    if (this.#role === 'platform') this.#workers.agents.start()
  }

  /** Stops everything: sources first, so that all they gave is appended; then deliveries, so that all they read is stored. */
  async stop(): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    if (this.#state === 'new') {
      // Nothing is open, not even after initialize() failed.
      this.#state = 'stopped'
      return
    }
    this.#state = 'stopping'
    const { engines, health, agents, sources, runner, deliveries, supervisor } = this.#workers
    await health.stop()
    await agents.stop()
    await sources.stopAll()
    await runner.stop()
    await deliveries.drainStore()
    await supervisor.stop()
    await engines.keeper.stop()
    await this.#close()
    this.#state = 'stopped'
  }

  async #close(): Promise<void> {
    await this.#workers.mcpServers.stop()
    await this.#workers.engines.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Starts the MCP servers under `mcp.servers`; initialize() calls it. A second call changes nothing, here and in the next two. */
  startMCPServers(): void {
    this.#workers.mcpServers.start()
  }

  /** Starts heartbeat, upkeep and the checks of the platform's own health; start() calls it. Returns once retention is applied. */
  startMonitoring(): Promise<void> {
    this.#monitoring ??= this.#startMonitoring()
    return this.#monitoring
  }

  async #startMonitoring(): Promise<void> {
    const { engines, upkeep, health } = this.#workers
    await engines.keeper.start()
    await upkeep.start()
    health.start()
  }

  /** Starts deliveries, deployed pipelines and sources; start() calls it. A `command` has the deliveries into the store and sources alone. */
  startDataFlow(): Promise<void> {
    this.#flowing ??= this.#startDataFlow()
    return this.#flowing
  }

  async #startDataFlow(): Promise<void> {
    const { deliveries, runner, upkeep, sources } = this.#workers
    if (this.#role === 'command') deliveries.startStore()
    else {
      deliveries.startConfigured()
      await runner.start()
      upkeep.startGroups()
    }
    sources.startConfigured()
  }

  /** @throws QiError CLOSED before initialize(), as with every handle below */
  get store(): Store {
    return this.#workers.engines.store
  }

  get stream(): Stream {
    return this.#workers.engines.stream
  }

  get coverage(): Coverage {
    return this.#workers.engines.coverage
  }

  get deadLetters(): DeadLetters {
    return this.#workers.engines.deadLetters
  }

  /** The handles that tools use. */
  get toolHandles(): ToolHandles {
    const { store, stream, coverage, deadLetters, catalogue } = this.#workers.engines
    const { pipelines, services } = this
    const engines = { store, reads: store.reads, stream, coverage, deadLetters, catalogue }
    return { ...engines, pipelines, platform: this, services, logger: this.#logger }
  }

  /** Manages the MCP servers under `mcp.servers`; undefined before they are started. */
  get mcpServers(): MCPServerManager | undefined {
    return this.#workers.mcpServers.manager
  }

  getStatus(): PlatformStatus {
    return {
      state: this.#state,
      ...(this.#startedAt && { startedAt: this.#startedAt }),
      store: this.store.capabilities.timescale ? 'TimescaleDB' : this.config.database.url ? 'PostgreSQL' : 'embedded PostgreSQL',
      stream: this.stream.engine,
      publishers: this.#workers.sources.stats(),
      consumers: this.deliveries.stats(),
      parts: [...this.#workers.sources.parts(), ...this.#workers.supervisor.status()],
    }
  }

  health(): Promise<PlatformHealth> {
    return this.#workers.health.health()
  }

  outages(): readonly Outage[] {
    return this.#workers.health.outages()
  }

  rateLimits(): Promise<readonly ServiceBudget[]> {
    return this.#workers.sources.rateLimits()
  }

  listSources(): readonly SourceStatus[] {
    return this.#workers.sources.list()
  }

  sourceParts(name: string): SourceParts {
    this.#checkOpen()
    return this.#workers.sources.partsOf(name)
  }

  async startSource(name: string, settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.#checkOpen()
    await this.#workers.sources.start(name, settings)
    await this.#storeUnlessPlatformRuns()
  }

  async stopSource(name: string): Promise<void> {
    this.#checkOpen()
    await this.#workers.sources.stop(name)
  }

  async scaleConsumer(name: string, members: number): Promise<void> {
    this.#checkOpen()
    await this.deliveries.scale(name, members)
  }

  async resumeDelivery(name: string): Promise<void> {
    this.#checkOpen()
    this.deliveries.resume(name)
  }

  async restartPart(name: string): Promise<void> {
    this.#checkOpen()
    await (this.#workers.sources.supervises(name) ? this.#workers.sources.restart(name) : this.#workers.supervisor.restart(name))
  }

  /** The history of a source, which the caller closes. @throws QiError UNSUPPORTED for a source without history */
  openHistory(name: string): Promise<History> {
    return this.#workers.sources.openHistory(name)
  }

  /** The parts of this platform that a backfill uses. @throws QiError CLOSED before initialize() */
  get backfillHost(): BackfillHost {
    const { config, store, coverage, stream } = this
    return {
      ...{ config, store, coverage, stream },
      openHistory: (name) => this.openHistory(name),
      consume: async () => this.deliveries.startStore(),
    }
  }

  async backfill(request: BackfillRequest, options: BackfillRunOptions = {}): Promise<BackfillResult> {
    this.#checkOpen()
    return runBackfill(this.backfillHost, this.#logger, request, options)
  }

  async handIn(...given: Parameters<PlatformControl['handIn']>): Promise<HandedIn> {
    this.#checkOpen()
    return handIn({ platform: this, logger: this.#logger, consume: () => this.deliveries.startStore() }, ...given)
  }

  async reprocess(request: ReprocessRequest, options?: ReprocessOptions): Promise<ReprocessResult> {
    this.#checkOpen()
    return reprocess(this.#workers.engines, request, options)
  }

  /**
   * Opens the host of the agents' workflows. Unless it only observes, this process stores what they publish if no platform does.
   * @throws QiError CONFLICT if this process hosts the agents of another platform, UNAVAILABLE
   */
  async openAgents(options: { readonly observing?: boolean } = {}): Promise<AgentHost> {
    this.#checkOpen()
    const host = await this.#workers.agents.host(options)
    if (!options.observing) await this.#storeUnlessPlatformRuns()
    return host
  }

  /** @throws QiError UNAVAILABLE */
  listAgents(): ReturnType<Agents['overview']> {
    return this.#workers.agents.overview()
  }

  /** Starts the deliveries into the store here, unless a platform on the same store runs them. */
  async #storeUnlessPlatformRuns(): Promise<void> {
    if (!(await this.coverage.platformRuns())) this.deliveries.startStore()
  }

  #checkOpen(): void {
    if (this.#state === 'initialized' || this.#state === 'running') return
    throw new QiError('CLOSED', `the platform is ${this.#state}`)
  }
}
