import type { PlatformService, ServiceHealthReport, ServiceStats, ServiceStatus } from '../../../base/types/index.ts'
import type { Inspected, Statistics } from './answers.ts'

/** Pure functions from the engine's answers to the platform's types. */

export const absent = (service: PlatformService): ServiceStatus => ({ service, state: 'absent' })

export function statusOf(service: PlatformService, found: Inspected): ServiceStatus {
  const { State: state } = found
  const ports = portsOf(found)
  const runs = state.Status === 'running' || state.Status === 'paused'
  return {
    service,
    state: state.Status,
    ...(runs && { health: state.Health?.Status ?? 'none' }),
    image: found.Config.Image,
    container: found.Id.slice(0, 12),
    ...(happenedAt(state.StartedAt) && { started_at: state.StartedAt }),
    ...(!runs && happenedAt(state.FinishedAt) && { exit_code: state.ExitCode, finished_at: state.FinishedAt }),
    ...(state.OOMKilled && { out_of_memory: true }),
    ...(found.RestartCount > 0 && { restarts: found.RestartCount }),
    ...(ports.length > 0 && { ports }),
  }
}

/** The engine writes year 1 for never. */
const happenedAt = (time: string): boolean => time !== '' && !time.startsWith('0001-')

const portsOf = ({ NetworkSettings: { Ports } }: Inspected): string[] =>
  Object.entries(Ports ?? {}).flatMap(([inside, outside]) =>
    (outside ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort} → ${inside}`),
  )

export function healthOf(service: PlatformService, { State: state }: Inspected): ServiceHealthReport {
  const health = state.Health
  const last = health?.Log?.at(-1)
  return {
    service,
    state: state.Status,
    ...(state.Status === 'running' && { health: health?.Status ?? 'none' }),
    ...(health && { failing_streak: health.FailingStreak }),
    ...(last && { probed_at: last.End, exit_code: last.ExitCode, output: last.Output.trim().slice(0, 300) }),
  }
}

export function statsOf(service: PlatformService, found: Statistics): ServiceStats {
  const { cpu_stats: now, precpu_stats: before, memory_stats: memory } = found
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0)
  const networks = Object.values(found.networks ?? {})
  const disk = (op: string): number =>
    total(
      (found.blkio_stats?.io_service_bytes_recursive ?? []).filter((moved) => moved.op.toLowerCase() === op),
      ({ value }) => value,
    )
  // As `docker stats`: the page cache can be given back, so it is not counted (its name depends on the cgroup's version).
  const cache = memory.stats?.inactive_file ?? memory.stats?.total_inactive_file ?? 0
  return {
    service,
    cpu_percent: passed > 0 ? Math.round((used / passed) * (now.online_cpus ?? 1) * 10_000) / 100 : 0,
    memory_bytes: Math.max(0, (memory.usage ?? 0) - cache),
    memory_limit_bytes: memory.limit ?? 0,
    network_in_bytes: total(networks, ({ rx_bytes }) => rx_bytes),
    network_out_bytes: total(networks, ({ tx_bytes }) => tx_bytes),
    disk_read_bytes: disk('read'),
    disk_written_bytes: disk('write'),
    processes: found.pids_stats?.current ?? 0,
  }
}

const total = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((sum, item) => sum + of(item), 0)
