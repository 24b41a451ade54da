import type { ToolHandles } from '../../base/agent/index.ts'
import type { Logger, PlatformStatus, SinkDefinition } from '../../base/types/index.ts'
import { sinkDefinitions } from '../../consumers/index.ts'
import { Agents } from './agents/Agents.ts'
import type { PlatformConfig } from './config.ts'
import { Deliveries } from './deliveries/Deliveries.ts'
import { Engines } from './Engines.ts'
import { HealthMonitor } from './health/HealthMonitor.ts'
import { McpServers } from './McpServers.ts'
import { openPipelines, PipelineRunner, type Pipelines } from './pipelines/index.ts'
import { Sources } from './sources/Sources.ts'
import { Supervisor } from './supervisor.ts'
import { Upkeep } from './upkeep/index.ts'

/** The workers of a platform, each with one subject. None does anything before it is opened or started. */
export interface Workers {
  /** Store and stream. */
  readonly engines: Engines
  /** Starts, stops and checks MCP servers of others. */
  readonly mcpServers: McpServers
  /** Rollups, retention, groups without members. */
  readonly upkeep: Upkeep
  /** Health of all the others, and outages. */
  readonly health: HealthMonitor
  /** Pipelines into destinations. */
  readonly deliveries: Deliveries
  /** Declares, deploys and stops pipelines. */
  readonly pipelines: Pipelines
  /** Starts and stops deliveries as the deployed pipelines say. */
  readonly runner: PipelineRunner
  readonly sources: Sources
  readonly agents: Agents
  /** Supervises deliveries and upkeep. Sources have a supervisor of their own, because they stop first. */
  readonly supervisor: Supervisor
}

export interface WorkersOptions {
  readonly config: PlatformConfig
  readonly logger: Logger
  readonly onNotice: ((line: string) => void) | undefined
  readonly recheckMs: number
  readonly watchMs: number
  readonly sinkTypes: Readonly<Record<string, SinkDefinition>>
  readonly status: () => PlatformStatus
  readonly handles: () => ToolHandles
}

/** @throws QiError CONFIG_INVALID naming the setting of a destination */
export function makeWorkers(options: WorkersOptions): Workers {
  const { config, logger, onNotice, recheckMs, watchMs, status, handles } = options
  const { agents: settings, llm, partitions } = config
  const engines = new Engines(config, { logger, onNotice })
  const supervisor = new Supervisor(logger)
  const mcpServers = new McpServers(config, logger, engines)
  const types = { ...sinkDefinitions, ...options.sinkTypes }
  const deliveries = new Deliveries({ config, logger, supervisor, types, engines })
  const pipelines = openPipelines(config, () => engines.store.pool, deliveries.destinations)
  const runner = new PipelineRunner({ pipelines, deliveries, engines, partitions, logger })
  const upkeep = new Upkeep({ config, engines, deliveries, pipelines, supervisor, logger })
  const sources = new Sources({ config, logger, onNotice: onNotice ?? (() => {}), recheckMs, engines })
  const agents = new Agents({ settings, llm, logger, handles, servers: () => mcpServers.manager })
  const checked = { engines, sources, deliveries, runner, upkeep, mcpServers, agents }
  const health = new HealthMonitor({ ...checked, status, logger, noticed: onNotice !== undefined, everyMs: watchMs })
  return { ...checked, pipelines, supervisor, health }
}
