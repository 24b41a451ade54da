import {
  type LogOptions,
  type PlatformService,
  QiError,
  SERVICE_NAMES,
  type ServiceControl,
  type ServiceEvent,
  type ServiceHealthReport,
  type ServiceLogs,
  type ServiceStats,
  type ServiceStatus,
  type StartOptions,
  type StopOptions,
} from '../../../base/types/index.ts'
import { type EngineAddress, engineAddress } from './address.ts'
import { type Inspected, inspected, listed, ONE_OFF, PROJECT, SERVICE, statistics } from './answers.ts'
import { Compose } from './Compose.ts'
import { DockerEngine } from './DockerEngine.ts'
import { serviceEvents } from './events.ts'
import { lastBefore, logLines, placeOf, untilOf } from './logs.ts'
import { composeFileOf, type DockerSettings } from './settings.ts'
import { absent, healthOf, statsOf, statusOf } from './views.ts'
import { whenHealthy } from './whenHealthy.ts'

/** Time limits: logs may be long, events rare. */
const NO_LIMIT = 0

/**
 * The verbs of the platform's services, over Compose (changes) and the engine's API (reads). Only containers of the project's services are
 * seen or touched; other names are refused.
 */
export class DockerServiceDSL implements ServiceControl {
  readonly #settings: DockerSettings
  readonly #env: NodeJS.ProcessEnv
  #parts: { readonly address: EngineAddress; readonly engine: DockerEngine } | undefined

  /** @param env variables for Compose's file, such as passwords */
  constructor(settings: DockerSettings, env: NodeJS.ProcessEnv = process.env) {
    this.#settings = settings
    this.#env = env
  }

  async start(services?: readonly PlatformService[], options: StartOptions = {}): Promise<readonly ServiceStatus[]> {
    const names = known(services)
    const { signal, onProgress } = options
    await this.#found(signal) // no engine is told before Compose says it in its way
    onProgress?.(0, names.length, `starting ${names.join(', ')}`)
    await this.#compose().run(['up', '--detach', '--no-build', ...names], signal)
    await whenHealthy(this, names, options)
    return this.status(names, signal)
  }

  async stop(services?: readonly PlatformService[], options: StopOptions = {}): Promise<readonly ServiceStatus[]> {
    const names = known(services)
    const { remove = 'nothing', signal } = options
    if (remove === 'data' && names.length < SERVICE_NAMES.length)
      throw new QiError(
        'BAD_REQUEST',
        'remove "data" takes away the volumes of all services: leave services out, or take "containers"',
        {
          field: 'remove',
        },
      )
    await this.#found(signal)
    await this.#compose().run(stopArguments(names, remove), signal)
    return this.status(names, signal)
  }

  async status(services?: readonly PlatformService[], signal?: AbortSignal): Promise<readonly ServiceStatus[]> {
    return this.#each(known(services), signal, (service, found) => (found ? statusOf(service, found) : absent(service)))
  }

  async health(services?: readonly PlatformService[], signal?: AbortSignal): Promise<readonly ServiceHealthReport[]> {
    return this.#each(known(services), signal, (service, found) =>
      found ? healthOf(service, found) : { service, state: 'absent' as const },
    )
  }

  async logs(service: PlatformService, options: LogOptions = {}): Promise<ServiceLogs> {
    const { lines = 100, before, contains, signal } = options
    const [name] = known([service]) as [PlatformService]
    const place = before === undefined ? undefined : placeOf(before)
    const container = (await this.#found(signal)).get(name)
    if (!container)
      throw new QiError(
        'NOT_FOUND',
        `service "${name}" has no container and so no logs: start it first (docker_start_services)`,
        {
          field: 'service',
        },
      )
    // The engine applies `tail` before times, and we filter texts afterwards, so it helps with the newest page alone.
    const tail = place || contains !== undefined ? 'all' : String(lines + 1)
    const query = { stdout: '1', stderr: '1', timestamps: '1', tail, ...(place && { until: untilOf(place) }) }
    const body = await this.#engine().stream(`/containers/${container}/logs`, { query, signal, idleMs: NO_LIMIT })
    return lastBefore(containing(logLines(body), contains), lines, place)
  }

  async stats(services?: readonly PlatformService[], signal?: AbortSignal): Promise<readonly ServiceStats[]> {
    const names = known(services)
    const running = await this.#each(names, signal, (service, found) =>
      found?.State.Status === 'running' ? [{ service, id: found.Id }] : [],
    )
    return Promise.all(
      running.flat().map(async ({ service, id }) => {
        const query = { stream: 'false' }
        return statsOf(service, await this.#engine().get(`/containers/${id}/stats`, statistics, { query, signal }))
      }),
    )
  }

  async events(signal: AbortSignal): Promise<AsyncIterable<ServiceEvent>> {
    const filters = JSON.stringify({ type: ['container'], label: [`${PROJECT}=${this.#settings.project}`] })
    return serviceEvents(await this.#engine().stream('/events', { query: { filters }, signal, idleMs: NO_LIMIT }), signal)
  }

  /** The ids of the services' containers; of several of one service the newest. */
  async #found(signal: AbortSignal | undefined): Promise<Map<PlatformService, string>> {
    const filters = JSON.stringify({ label: [`${PROJECT}=${this.#settings.project}`] })
    const all = await this.#engine().get('/containers/json', listed, { query: { all: '1', filters }, signal })
    const ids = new Map<PlatformService, string>()
    for (const { Id, Labels } of all.toSorted((a, b) => a.Created - b.Created)) {
      const service = SERVICE_NAMES.find((name) => name === Labels?.[SERVICE])
      if (service && Labels?.[ONE_OFF] !== 'True') ids.set(service, Id)
    }
    return ids
  }

  async #each<T>(
    names: readonly PlatformService[],
    signal: AbortSignal | undefined,
    view: (service: PlatformService, found: Inspected | undefined) => T,
  ): Promise<T[]> {
    const ids = await this.#found(signal)
    return Promise.all(
      names.map(async (name) => {
        const id = ids.get(name)
        if (!id) return view(name, undefined)
        return view(name, await this.#engine().get(`/containers/${id}/json`, inspected, { signal }).catch(ifGone))
      }),
    )
  }

  #engine(): DockerEngine {
    return this.#connect().engine
  }

  #compose(): Compose {
    const { project } = this.#settings
    return new Compose({ file: composeFileOf(this.#settings), project, dockerHost: this.#connect().address.host, env: this.#env })
  }

  #connect() {
    if (!this.#parts) {
      const address = engineAddress(this.#settings.docker_host, this.#env)
      this.#parts = { address, engine: new DockerEngine(address) }
    }
    return this.#parts
  }
}

/** @throws QiError BAD_REQUEST for what is not a service of the platform */
function known(services: readonly PlatformService[] | undefined): readonly PlatformService[] {
  if (!services || services.length === 0) return SERVICE_NAMES
  const stranger = services.find((name) => !SERVICE_NAMES.includes(name))
  if (stranger !== undefined)
    throw new QiError(
      'BAD_REQUEST',
      `services "${String(stranger).slice(0, 60)}": not a service of the platform; there is ${SERVICE_NAMES.join(', ')}`,
      {
        field: 'services',
      },
    )
  return SERVICE_NAMES.filter((name) => services.includes(name))
}

function stopArguments(names: readonly PlatformService[], remove: StopOptions['remove']): readonly string[] {
  if (remove === 'nothing') return ['stop', ...names]
  if (names.length < SERVICE_NAMES.length) return ['rm', '--stop', '--force', ...names]
  return ['down', '--remove-orphans', ...(remove === 'data' ? ['--volumes'] : [])]
}

/** A container may disappear between list and inspect. */
function ifGone(error: unknown): undefined {
  if (!(error instanceof QiError) || error.code !== 'NOT_FOUND') throw error
}

async function* containing(lines: ReturnType<typeof logLines>, text: string | undefined): ReturnType<typeof logLines> {
  const wanted = text?.toLowerCase()
  for await (const line of lines) if (wanted === undefined || line.line.toLowerCase().includes(wanted)) yield line
}
