/** The services of `deploy/docker-compose.yml`: the platform's engines as containers. */
export const SERVICE_NAMES = ['redpanda', 'timescaledb', 'clickhouse', 'redis', 'console'] as const
export type PlatformService = (typeof SERVICE_NAMES)[number]

/** `none`: it runs, and its image or compose file declares no health check. */
export type ServiceHealth = 'starting' | 'healthy' | 'unhealthy' | 'none'

export interface ServiceStatus {
  readonly service: PlatformService
  /** As the engine calls it; `absent` where there is no container. */
  readonly state: 'absent' | 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
  /** Of what runs. */
  readonly health?: ServiceHealth
  readonly image?: string
  /** The first twelve digits of the container's id. */
  readonly container?: string
  /** When it was started last, as ISO 8601. */
  readonly started_at?: string
  /** Of what has ended: its exit code (137: killed), and when. */
  readonly exit_code?: number
  readonly finished_at?: string
  /** The engine ended it for want of memory. */
  readonly out_of_memory?: boolean
  /** How often the engine started it again by itself. */
  readonly restarts?: number
  /** Such as `127.0.0.1:5432 → 5432/tcp`. */
  readonly ports?: readonly string[]
}

export interface ServiceHealthReport {
  readonly service: PlatformService
  readonly state: ServiceStatus['state']
  readonly health?: ServiceHealth
  readonly failing_streak?: number
  /** The last probe: when it ended, its exit code, what it said. */
  readonly probed_at?: string
  readonly exit_code?: number
  readonly output?: string
}

export interface LogLine {
  /** ISO 8601 with nanoseconds, as the engine noted it. */
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  readonly line: string
}

export interface ServiceLogs {
  /** Oldest first. */
  readonly lines: readonly LogLine[]
  /** The place to pass for the lines before these; absent where there are none. */
  readonly older?: string
}

export interface ServiceStats {
  readonly service: PlatformService
  /** 100 is one whole processor. */
  readonly cpu_percent: number
  readonly memory_bytes: number
  readonly memory_limit_bytes: number
  readonly network_in_bytes: number
  readonly network_out_bytes: number
  readonly disk_read_bytes: number
  readonly disk_written_bytes: number
  readonly processes: number
}

/** Something that happened to a service, such as `start`, `die`, `health_status: healthy`. */
export interface ServiceEvent {
  readonly service: PlatformService
  readonly action: string
  /** Milliseconds since 1970. */
  readonly time: number
  /** Of `die`. */
  readonly exit_code?: number
  /** Of `kill`: the number of the signal that it was sent. */
  readonly signal?: number
}

export interface StartOptions {
  /** How long to wait until all are healthy, in seconds. Default 180. */
  readonly waitSeconds?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (healthy: number, total: number, message: string) => void
}

/** Things that a stop removes: `containers` with their logs and network; `data` also the volumes. */
export const REMOVALS = ['nothing', 'containers', 'data'] as const
export type Removal = (typeof REMOVALS)[number]

export interface StopOptions {
  readonly remove?: Removal
  readonly signal?: AbortSignal
}

/** Controls the services in containers; without names all of them. */
export interface ServiceControl {
  /**
   * Returns when all of them are healthy.
   * @throws QiError UNAVAILABLE without an engine, CONFIG_INVALID naming a password that is not set, TIMEOUT naming what is not healthy
   */
  start(services?: readonly PlatformService[], options?: StartOptions): Promise<readonly ServiceStatus[]>
  stop(services?: readonly PlatformService[], options?: StopOptions): Promise<readonly ServiceStatus[]>
  status(services?: readonly PlatformService[], signal?: AbortSignal): Promise<readonly ServiceStatus[]>
  health(services?: readonly PlatformService[], signal?: AbortSignal): Promise<readonly ServiceHealthReport[]>
  /** The newest lines before a position. @throws QiError NOT_FOUND if it has no container */
  logs(service: PlatformService, options?: LogOptions): Promise<ServiceLogs>
  /** Of those that run. */
  stats(services?: readonly PlatformService[], signal?: AbortSignal): Promise<readonly ServiceStats[]>
  /** Resolves once it listens; yields the events from then on, until the signal is aborted. */
  events(signal: AbortSignal): Promise<AsyncIterable<ServiceEvent>>
}

export interface LogOptions {
  /** Most lines. Default 100. */
  readonly lines?: number
  /** `older` of a page. */
  readonly before?: string | undefined
  /** Only lines that hold this text, whatever the case. */
  readonly contains?: string | undefined
  readonly signal?: AbortSignal
}
