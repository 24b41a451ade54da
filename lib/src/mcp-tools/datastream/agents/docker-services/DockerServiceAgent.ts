import { type AgentHealth, type AgentParts, BaseAgent, explainIncident } from '../../../../base/agent/index.ts'
import { type PlatformService, SERVICE_NAMES, toQiError } from '../../../../base/types/index.ts'
import { table } from '../../../shared/text.ts'
import { STATUS_COLUMNS } from '../../docker/tools.ts'
import { DockerMCPWrapper } from './DockerMCPWrapper.ts'
import { Incidents } from './Incidents.ts'
import { Keeper } from './Keeper.ts'
import type { UpReport } from './shapes.ts'
import { downWorkflow, logsWorkflow, upWorkflow, watchWorkflow } from './workflows.ts'

export interface DockerServiceSettings {
  readonly keep: boolean
  readonly first_wait_ms: number
  readonly attempts: number
  readonly wait_seconds: number
}

export type DockerVerbs = DockerMCPWrapper['verbs']

interface StartRequest {
  readonly services?: PlatformService[] | undefined
  readonly wait_seconds: number
}

/** Starts, stops, checks and reads the platform's services in Docker; while it runs, it restarts those that die. */
export class DockerServiceAgent extends BaseAgent {
  readonly workflows
  readonly #dsl: DockerVerbs
  readonly #incidents: Incidents
  readonly #keeper: Keeper
  readonly #settings: DockerServiceSettings

  constructor({ mcp, logger, services, store }: AgentParts, settings: DockerServiceSettings) {
    super({ name: 'docker-services', logger })
    this.#settings = settings
    this.#dsl = new DockerMCPWrapper(mcp).verbs
    this.#incidents = new Incidents(store.pool, logger)
    this.#keeper = new Keeper({
      control: services,
      logger,
      baseMs: settings.first_wait_ms,
      attempts: settings.attempts,
      waitSeconds: settings.wait_seconds,
      onIncident: (incident) => this.#incidents.note(incident),
    })
    this.workflows = {
      main: upWorkflow((request, signal) => this.startCryptoPlatform(request, signal)),
      watch: watchWorkflow((limit, signal) => this.#watched(limit, signal)),
      down: downWorkflow(this.#dsl),
      logs: logsWorkflow(this.#dsl),
    }
  }

  /**
   * Starts the services, waits until their health checks pass, and reports their health and use of resources.
   * @throws QiError UNAVAILABLE without an engine, CONFIG_INVALID naming a password that is not set, TIMEOUT naming what is not healthy
   */
  async startCryptoPlatform(
    { services, wait_seconds }: StartRequest = { wait_seconds: this.#settings.wait_seconds },
    signal?: AbortSignal,
  ): Promise<UpReport> {
    await this.#dsl.start({ services, wait_seconds }, { signal })
    const [{ items }, { healthy, total }, { items: statistics }] = await Promise.all([
      this.#dsl.status({ services }, { signal }),
      this.#dsl.health({ services }, { signal }),
      this.#dsl.stats({ services }, { signal }),
    ])
    const text = `${healthy} of ${total} services are healthy\n${table(items, STATUS_COLUMNS, undefined, '')}`
    return { healthy, total, services: items, statistics, text }
  }

  protected override async attend(signal: AbortSignal): Promise<void> {
    if (this.#settings.keep) await this.#keeper.run(signal)
  }

  protected override async release(): Promise<void> {
    await this.#incidents.close()
  }

  protected override async examine(): Promise<AgentHealth> {
    const [open] = this.#incidents.open
    if (open) return { ok: false, summary: explainIncident(open, Date.now()) }
    const { trouble } = this.#keeper
    if (trouble) return { ok: false, summary: trouble.message }
    const { healthy, items } = await this.#dsl.health({})
    const unwell = items.filter(({ health, state }) => state === 'running' && health === 'unhealthy')
    const summary = `${healthy} of ${SERVICE_NAMES.length} services are healthy`
    return { ok: unwell.length === 0, summary: [summary, ...unwell.map(({ service }) => `${service} is unhealthy`)].join('; ') }
  }

  async #watched(limit: number, signal: AbortSignal) {
    const incidents = [...(await this.#incidents.newest(limit))]
    const health = await this.#dsl.health({}, { signal })
    const { watching, trouble } = this.#keeper
    const listening = watching
      ? 'services that die are started again'
      : `services are not watched${trouble ? `: ${toQiError(trouble).message}` : ''}`
    const told = incidents.map((incident) => explainIncident(incident, Date.now()))
    const text = [`${health.healthy} of ${health.total} services are healthy; ${listening}`, ...told].join('\n')
    return { watching, health, incidents, text }
  }
}
