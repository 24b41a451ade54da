import {
  type LlmSettings,
  type Logger,
  type McpCaller,
  type PartHealth,
  type QiError,
  type ToolHandles,
  toQiError,
} from '../../../base/index.ts'
import { AgentHost } from './AgentHost.ts'
import { agentDefinitions } from './definitions.ts'
import { type AgentOverview, overviewOf } from './overview.ts'

export interface AgentsOptions {
  readonly settings: Readonly<Record<string, unknown>> & { readonly run: readonly string[] }
  readonly llm: LlmSettings
  readonly logger: Logger
  readonly handles: () => ToolHandles
  readonly servers: () => McpCaller | undefined
}

/** The host of a platform's agents, opened when somebody wants one. One that cannot be opened shows in the health and stops nothing. */
export class Agents {
  readonly #options: AgentsOptions
  #host: Promise<AgentHost> | undefined
  #failure: { readonly error: QiError; readonly since: number } | undefined
  #opened: AgentHost | undefined

  constructor(options: AgentsOptions) {
    this.#options = options
  }

  /** Starts those that the configuration names; returns at once. */
  start(): void {
    if (this.#options.settings.run.length > 0) this.#open(this.#options.settings.run, false).catch(() => {})
  }

  /**
   * @param observing only to tell of runs and to answer them
   * @throws QiError CONFLICT where this process hosts the agents of another platform, UNAVAILABLE
   */
  host({ observing = false }: { readonly observing?: boolean } = {}): Promise<AgentHost> {
    return this.#host ?? this.#open([], observing)
  }

  async health(): Promise<readonly (Omit<PartHealth, 'since'> & { readonly since: number })[]> {
    if (this.#opened) return this.#opened.health()
    if (!this.#failure) return []
    const { error, since } = this.#failure
    const action = 'it is tried again when the platform is started again'
    return [{ name: 'agents', status: 'degraded', since, summary: error.message, action }]
  }

  /** @throws QiError UNAVAILABLE */
  overview(): Promise<readonly AgentOverview[]> {
    const started = this.#opened && { agents: this.#opened.started, runner: this.#opened.runner }
    return overviewOf({ definitions: agentDefinitions, scheduled: this.#options.settings.run, started })
  }

  async stop(): Promise<void> {
    await (await this.#host?.catch(() => undefined))?.close()
  }

  #open(run: readonly string[], observing: boolean): Promise<AgentHost> {
    const { settings, llm, logger, handles, servers } = this.#options
    const opening = AgentHost.open({
      settings: { ...settings, run },
      llm,
      handles: handles(),
      servers: servers(),
      logger,
      observing,
    })
    this.#host = opening
    opening.then(
      (host) => {
        this.#opened = host
      },
      (thrown: unknown) => {
        const error = toQiError(thrown)
        this.#failure = { error, since: Date.now() }
        logger.error({ error }, 'the agents cannot run')
      },
    )
    return opening
  }
}
