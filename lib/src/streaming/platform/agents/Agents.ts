import type { LlmSettings, McpCaller, ToolHandles } from '../../../base/agent/index.ts'
import { type Logger, type PartHealth, type QiError, toQiError } from '../../../base/types/index.ts'
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

/** The host of a platform's agents, opened at its first use. If it cannot be opened, the health shows why and all else runs on. */
export class Agents {
  readonly #options: AgentsOptions
  #host: Promise<AgentHost> | undefined
  #failure: { readonly error: QiError; readonly since: number } | undefined
  #opened: AgentHost | undefined

  constructor(options: AgentsOptions) {
    this.#options = options
  }

  /** Starts the configured agents; returns at once. */
  start(): void {
    if (this.#options.settings.run.length > 0) this.#open(this.#options.settings.run, false).catch(() => {})
  }

  /**
   * @param observing true to list and answer runs only, and carry none out
   * @throws QiError CONFLICT if this process hosts the agents of another platform, UNAVAILABLE
   */
  host({ observing = false }: { readonly observing?: boolean } = {}): Promise<AgentHost> {
    return this.#host ?? this.#open([], observing)
  }

  async health(): Promise<readonly (Omit<PartHealth, 'since'> & { readonly since: number })[]> {
    if (this.#opened) return this.#opened.health()
    if (!this.#failure) return []
    const { error, since } = this.#failure
    const action = 'it is tried again when the platform is restarted'
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
        logger.error({ err: error }, 'the agents cannot be started')
      },
    )
    return opening
  }
}
