import {
  type AgentDefinition,
  type AgentParts,
  type BaseAgent,
  DurableRunner,
  type LlmSettings,
  llmSettings,
  type McpCaller,
  type ToolHandles,
  type WorkflowRunner,
} from '../../../base/agent/index.ts'
import { type Logger, type PartHealth, QiError, suggest } from '../../../base/types/index.ts'
import { DirectCaller } from '../../../mcp-tools/index.ts'
import { agentDefinitions } from './definitions.ts'
import { openLlm } from './llm.ts'
import { publishRecords } from './publish.ts'

export interface AgentHostOptions {
  /** Under `agents` in qicore.yaml. */
  readonly settings: Readonly<Record<string, unknown>> & { readonly run?: readonly string[] }
  /** Under `llm` in qicore.yaml; default: no model. */
  readonly llm?: LlmSettings
  readonly handles: ToolHandles
  readonly servers: McpCaller | undefined
  readonly logger: Logger
  readonly definitions?: Readonly<Record<string, AgentDefinition>>
  /** See {@link DurableRunner}. */
  readonly observing?: boolean
}

/** Connections of the runner: two are held all the time, the others serve DBOS and the effects of workflows. */
const CONNECTIONS = 8

/** All agents of a platform, and the runner of their workflows. */
export class AgentHost implements AsyncDisposable {
  readonly runner: WorkflowRunner
  readonly #agents: ReadonlyMap<string, BaseAgent>
  readonly #started = new Map<string, Promise<void>>()

  private constructor(runner: WorkflowRunner, agents: ReadonlyMap<string, BaseAgent>) {
    this.runner = runner
    this.#agents = agents
  }

  /**
   * Creates every agent, so that this process can take over any agent's runs, and starts those of `settings.run`.
   * @throws QiError CONFLICT if this process has a host already, UNAVAILABLE without the store
   */
  static async open({
    settings,
    llm = llmSettings.parse({}),
    handles,
    servers,
    logger,
    definitions = agentDefinitions,
    observing = false,
  }: AgentHostOptions): Promise<AgentHost> {
    const mcp = new DirectCaller({ handles: () => handles })
    const agents = new Map<string, BaseAgent>()
    for (const { name, config, tools, create } of Object.values(definitions)) {
      const own = logger.child({ agent: name })
      const parts: AgentParts = {
        ...handles,
        logger: own,
        mcp,
        servers: servers ?? noServers,
        llm: openLlm({ settings: llm, handles: () => handles, logger: own, tools }),
        publish: (type, records) =>
          publishRecords({ stream: handles.stream, logger: own, agent: name, store: handles.store }, type, records),
      }
      agents.set(name, create(config.parse(settings[name] ?? {}), parts))
    }
    // Closed with the store.
    const pool = handles.store.createPool({ max: CONNECTIONS, applicationName: 'qicore-agents' })
    const workflows = [...agents.values()].flatMap((agent) => Object.values(agent.workflows))
    const runner = await DurableRunner.open({ pool, workflows, logger, observing })
    const host = new AgentHost(runner, agents)
    for (const name of settings.run ?? []) await host.#start(name, true).catch(() => {}) // shows in the health
    return host
  }

  get agents(): readonly BaseAgent[] {
    return [...this.#agents.values()]
  }

  /** An agent, started if it was not. @throws QiError NOT_FOUND, or of its start */
  async agent(name: string): Promise<BaseAgent> {
    const agent = this.#named(name)
    await (this.#started.get(name) ?? this.#start(name, false))
    return agent
  }

  /** The agents that were started. */
  get started(): readonly BaseAgent[] {
    return this.agents.filter(({ name }) => this.#started.has(name))
  }

  async health(): Promise<readonly (Omit<PartHealth, 'since'> & { readonly since: number })[]> {
    return Promise.all(
      this.started.map(async (agent) => {
        const { ok, summary } = await agent.health()
        const { since } = agent.status()
        return { name: `agent ${agent.name}`, status: ok ? ('up' as const) : ('degraded' as const), since, summary }
      }),
    )
  }

  async close(): Promise<void> {
    for (const agent of this.agents) await agent.stop()
    await this.runner.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #start(name: string, scheduled: boolean): Promise<void> {
    const starting = this.#named(name).start(this.runner, { scheduled })
    this.#started.set(name, starting)
    return starting
  }

  #named(name: string): BaseAgent {
    const agent = this.#agents.get(name)
    if (agent) return agent
    const known = [...this.#agents.keys()]
    throw new QiError('NOT_FOUND', `there is no agent named "${name}"; there are ${known.join(', ')}${suggest(name, known)}`, {
      field: 'agent',
    })
  }
}

const noServers: McpCaller = {
  async callTool(name) {
    throw new QiError('UNAVAILABLE', `${name}: no MCP server runs; name it under mcp.servers in qicore.yaml`)
  },
}
