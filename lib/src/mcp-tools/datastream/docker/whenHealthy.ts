import { abortError } from '../../../base/networking/index.ts'
import {
  type PlatformService,
  QiError,
  type ServiceControl,
  type ServiceHealthReport,
  type StartOptions,
} from '../../../base/types/index.ts'

/** The engine's events that can change the health of a service. */
const MATTERS = /^(start|die|destroy|oom|health_status)/

/**
 * Waits until the services' own health checks pass, by the engine's events.
 * @throws QiError UNAVAILABLE for one that ended, TIMEOUT naming those that are not healthy and what their last check said
 */
export async function whenHealthy(
  control: Pick<ServiceControl, 'events' | 'health'>,
  services: readonly PlatformService[],
  { waitSeconds = 180, signal, onProgress }: StartOptions,
): Promise<void> {
  const ended = new AbortController()
  const stop = AbortSignal.any([ended.signal, AbortSignal.timeout(waitSeconds * 1000), ...(signal ? [signal] : [])])
  let waiting: readonly ServiceHealthReport[] = []
  const allHealthy = async (): Promise<boolean> => {
    const reports = await control.health(services, stop)
    waiting = reports.filter((report) => !isHealthy(report))
    const lost = waiting.find(({ state }) => state === 'exited' || state === 'dead' || state === 'absent')
    if (lost) throw endedEarly(lost)
    const names = waiting.map(({ service }) => service).join(', ')
    onProgress?.(services.length - waiting.length, services.length, names ? `waiting for ${names}` : 'all are healthy')
    return waiting.length === 0
  }
  try {
    // Listens before the first look, so that no change in between is missed.
    const events = await control.events(stop)
    if (await allHealthy()) return
    for await (const { service, action } of events)
      if (services.includes(service) && MATTERS.test(action) && (await allHealthy())) return
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    ended.abort()
  }
  if (signal?.aborted) throw abortError(signal)
  throw new QiError(
    'TIMEOUT',
    `after ${waitSeconds} s ${waiting.map(notHealthy).join('; ')}: read docker_service_logs of it, or wait longer`,
  )
}

const isHealthy = ({ state, health }: ServiceHealthReport): boolean =>
  state === 'running' && (health === 'healthy' || health === 'none')

const notHealthy = ({ service, state, health, output }: ServiceHealthReport): string =>
  `${service} is ${health ?? state}${output ? ` (${output.slice(0, 150)})` : ''}`

const endedEarly = ({ service, state }: ServiceHealthReport): QiError =>
  new QiError('UNAVAILABLE', `${service} is ${state} instead of running: docker_service_logs of it says why`, {
    retryable: false,
  })
