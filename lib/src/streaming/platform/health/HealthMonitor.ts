import { setTimeout } from 'node:timers/promises'
import { abortable, checkWithin } from '../../../base/networking/index.ts'
import type {
  CheckResult,
  HealthStatus,
  Logger,
  Outage,
  PartHealth,
  PlatformHealth,
  PlatformStatus,
} from '../../../base/types/index.ts'
import type { Agents } from '../agents/Agents.ts'
import type { Deliveries } from '../deliveries/Deliveries.ts'
import type { Engines } from '../Engines.ts'
import type { McpServers } from '../McpServers.ts'
import type { PipelineRunner } from '../pipelines/index.ts'
import { DEFAULT_PART, type Sources } from '../sources/Sources.ts'
import type { Upkeep } from '../upkeep/index.ts'
import { CHECK_MS, DestinationChecks } from './DestinationChecks.ts'
import { describeEngine, describeFallback, describePart } from './describe.ts'
import { HealthLog } from './HealthLog.ts'

const ENGINES = ['store', 'stream']

/** The workers whose health is collected. */
export interface HealthMonitorOptions {
  readonly engines: Pick<Engines, 'store' | 'stream'>
  readonly status: () => PlatformStatus
  readonly sources: Sources
  readonly deliveries: Deliveries
  readonly runner: PipelineRunner
  readonly upkeep: Upkeep
  readonly mcpServers: McpServers
  readonly agents: Agents
  readonly logger: Logger
  /** True if people get the notice that the simulated market runs in CoinGecko's place: it is not logged then. */
  readonly noticed: boolean
  /** Milliseconds between two checks of start(). */
  readonly everyMs: number
}

/** Checks store and stream, collects the health of every other part, keeps outages. */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions
  readonly #destinations: DestinationChecks
  readonly #log: HealthLog
  readonly #stop = new AbortController()
  #watching: Promise<void> | undefined

  constructor(options: HealthMonitorOptions) {
    this.#options = options
    this.#destinations = new DestinationChecks(options.deliveries)
    this.#log = new HealthLog(options.logger)
  }

  /** Checks now and then, so that outages have their true beginning even if nobody asks for the health. */
  start(): void {
    this.#watching ??= this.#watch(this.#stop.signal)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#watching
  }

  /** Notes that store and stream have just been opened: they count as up until their first check. */
  opened(): void {
    for (const name of ENGINES) this.#log.note({ name, status: 'up', summary: 'opened' })
  }

  outages(): readonly Outage[] {
    return this.#log.outages()
  }

  /** @throws QiError CLOSED before the engines are open */
  async health(): Promise<PlatformHealth> {
    const { sources, runner, upkeep, mcpServers, agents } = this.#options
    const engines = await this.#checkEngines()
    const supervised = this.#supervised()
    const others = [...(await sources.penalties()), ...mcpServers.health(), ...(await agents.health())]
    for (const [name, unwell] of await this.#destinations.check()) {
      const at = supervised.findIndex((part) => part.name === name && part.status === 'up')
      if (at >= 0) supervised[at] = this.#log.note(unwell)
    }
    const pipelines = [...runner.health(), ...upkeep.health()].map((part) => this.#log.note(part))
    const noted = others.map(({ since, ...part }) => this.#log.note(part, since))
    const parts = [...engines, ...supervised, ...pipelines, ...noted]
    return { status: overall(parts), parts }
  }

  async #checkEngines(): Promise<readonly PartHealth[]> {
    const { store, stream } = this.#options.engines
    const { reads } = store
    const [storeFound, streamFound, sql, replica] = await Promise.all([
      checkWithin(CHECK_MS, 'the store', () => store.check()),
      checkWithin(CHECK_MS, 'the stream', () => stream.check()),
      reads.sql.check(),
      reads === store ? undefined : checkWithin(CHECK_MS, 'the read replica', () => reads.check()),
    ])
    const found: readonly (readonly [name: string, found: CheckResult | undefined])[] = [
      ['store', storeFound],
      ['read replica', replica],
      ['stream', streamFound],
      ['SQL of tools', sql],
    ]
    return found.flatMap(([name, result]) => (result ? [this.#log.note(describeEngine(name, result))] : []))
  }

  #supervised(): PartHealth[] {
    const { sources, noticed } = this.#options
    const { fallback } = sources
    const status = this.#options.status()
    return status.parts.map((part) => {
      const inFallback = fallback !== undefined && part.name === DEFAULT_PART
      const { since, ...health } = inFallback ? describeFallback(part.name, fallback) : describePart(part, status)
      // The supervisor has logged a final failure, and the source a problem of its settings.
      const logged = part.state === 'failed' || health.code === 'CONFIG_INVALID'
      return this.#log.note(health, since, logged || (inFallback && noticed))
    })
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await abortable(this.health(), signal).catch(() => {})
      await setTimeout(this.#options.everyMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }
}

/** Down when the store or the stream is, degraded when any other part is not up. */
function overall(parts: readonly PartHealth[]): HealthStatus {
  if (parts.some((part) => part.status === 'down' && ENGINES.includes(part.name))) return 'down'
  return parts.every((part) => part.status === 'up') ? 'up' : 'degraded'
}
