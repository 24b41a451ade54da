import { setTimeout } from 'node:timers/promises'
import type { Incident } from '../../../../base/agent/index.ts'
import { retry } from '../../../../base/networking/index.ts'
import {
  countOf,
  errorMessage,
  type Logger,
  type PlatformService,
  QiError,
  type ServiceControl,
  type ServiceEvent,
  toQiError,
} from '../../../../base/types/index.ts'

export interface KeeperOptions {
  readonly control: Pick<ServiceControl, 'events' | 'start' | 'logs'>
  readonly logger: Logger
  /** First wait before a restart; it doubles up to a minute. */
  readonly baseMs: number
  /** Most restarts in a row. */
  readonly attempts: number
  /** Time limit until a service is healthy. */
  readonly waitSeconds: number
  /** Called when an incident begins, after each attempt, and when it ends. */
  readonly onIncident: (incident: Incident) => void
}

const FIRST_WAIT_MS = 1000
const MAX_WAIT_MS = 60_000
/** After this much time healthy, the waits before a restart start from the first again. */
const WELL_MS = 60_000
const LAST_LINES = 10
const SIGKILL = 9
const HEALTHY = 'health_status: healthy'

/**
 * Restarts services that die. A service that was asked to stop (by a signal that it can handle, as `docker stop` sends) is left alone.
 */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #asked = new Set<PlatformService>()
  readonly #repairing = new Map<PlatformService, Promise<void>>()
  /** Deaths during a repair, until it is started. */
  readonly #diedAgain = new Map<PlatformService, ServiceEvent>()
  readonly #givenUp = new Map<PlatformService, Incident>()
  /** Time of the last repair, and repairs in a row that did not last. */
  readonly #repaired = new Map<PlatformService, { readonly at: number; readonly times: number }>()
  #watching = false
  #trouble: QiError | undefined

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** True while it listens. */
  get watching(): boolean {
    return this.#watching
  }

  /** The reason why it does not listen. */
  get trouble(): QiError | undefined {
    return this.#trouble
  }

  /** Listens until the signal aborts; reconnects to the engine after a failure. */
  async run(signal: AbortSignal): Promise<void> {
    const { control, logger } = this.#options
    for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
      try {
        const events = await control.events(signal)
        this.#watching = true
        this.#trouble = undefined
        waitMs = FIRST_WAIT_MS
        for await (const event of events) this.#heed(event, signal)
        this.#trouble = new QiError('UNAVAILABLE', 'the Docker engine ended its account of what happens')
      } catch (error) {
        this.#trouble = toQiError(error)
        logger.debug({ err: this.#trouble }, 'the services cannot be watched')
      }
      this.#watching = false
      await setTimeout(waitMs, undefined, { signal, ref: false }).catch(() => {})
    }
    await Promise.all(this.#repairing.values())
  }

  #heed(event: ServiceEvent, stop: AbortSignal): void {
    const { service, action, signal } = event
    if (action === 'kill' && signal !== undefined && signal !== SIGKILL) this.#asked.add(service)
    else if (action === 'start') {
      this.#asked.delete(service)
      this.#diedAgain.delete(service)
    } else if (action === HEALTHY) this.#startedByOthers(service)
    else if (action !== 'die' || this.#asked.has(service)) return
    else if (this.#repairing.has(service)) this.#diedAgain.set(service, event)
    else {
      const mending = this.#mend(event, stop)
        .catch((error: unknown) =>
          this.#options.logger.error({ service, err: toQiError(error) }, 'a service could not be restarted'),
        )
        .finally(() => {
          this.#repairing.delete(service)
          const again = this.#diedAgain.get(service)
          this.#diedAgain.delete(service)
          if (again) this.#heed(again, stop)
        })
      this.#repairing.set(service, mending)
    }
  }

  async #mend({ service, time, exit_code }: ServiceEvent, signal: AbortSignal): Promise<void> {
    const { control, logger, baseMs, attempts, waitSeconds, onIncident } = this.#options
    let incident: Incident = {
      part: `service ${service}`,
      since: new Date(time).toISOString(),
      status: 'down',
      code: 'UNAVAILABLE',
      why: `it ended with exit code ${exit_code ?? 'unknown'}${exit_code === 137 ? ' (killed)' : ''}`,
      done: [],
      evidence: await this.#lastLines(service, signal),
      until: null,
      ending: null,
    }
    logger.warn({ service, exit_code, last: incident.evidence.at(-1) }, `${service} ended; it is started again`)
    onIncident(incident)
    const note = (what: string, end: Partial<Incident> = {}) => {
      incident = { ...incident, ...end, done: [...incident.done, { at: new Date().toISOString(), what }] }
      onIncident(incident)
    }
    const before = this.#repaired.get(service)
    const times = before && Date.now() - before.at < WELL_MS ? before.times + 1 : 0
    const start = async (attempt: number) => {
      await setTimeout(Math.min(baseMs * 2 ** (times + attempt), MAX_WAIT_MS), undefined, { signal })
      if (this.#asked.has(service)) return note('nothing more: it was stopped meanwhile', ended('it was stopped'))
      try {
        await control.start([service], { waitSeconds, signal })
        this.#repaired.set(service, { at: Date.now(), times })
        note(`started, attempt ${attempt + 1}: healthy`, ended('it was started again and is healthy'))
        logger.info({ service, attempt: attempt + 1 }, `${service} is healthy again`)
      } catch (error) {
        if (!signal.aborted) note(`started, attempt ${attempt + 1}: ${errorMessage(error).slice(0, 200)}`)
        throw new QiError('UNAVAILABLE', errorMessage(error), { cause: error })
      }
    }
    try {
      // The attempt itself waits, the first one too.
      await retry(start, { attempts, baseMs: 0, maxMs: 0, totalMs: Number.POSITIVE_INFINITY, signal })
    } catch (error) {
      if (signal.aborted) return
      this.#diedAgain.delete(service)
      note(`given up after ${countOf(attempts, 'attempt')}; read its logs, then start it by hand`)
      this.#givenUp.set(service, incident)
      logger.error({ service, err: toQiError(error) }, `${service} does not become healthy`)
    }
  }

  /** A service that was given up is healthy again. */
  #startedByOthers(service: PlatformService): void {
    const incident = this.#givenUp.get(service)
    if (!incident || this.#repairing.has(service)) return
    this.#givenUp.delete(service)
    this.#options.onIncident({ ...incident, ...ended('it was started by hand and is healthy') })
  }

  #lastLines(service: PlatformService, signal: AbortSignal): Promise<string[]> {
    return this.#options.control.logs(service, { lines: LAST_LINES, signal }).then(
      ({ lines }) => lines.map(({ line }) => line.slice(0, 300)),
      () => [],
    )
  }
}

const ended = (ending: string): Partial<Incident> => ({ until: new Date().toISOString(), ending })
