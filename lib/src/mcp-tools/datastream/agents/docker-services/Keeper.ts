import { setTimeout } from 'node:timers/promises'
import {
  countOf,
  errorMessage,
  type Incident,
  type Logger,
  type PlatformService,
  QiError,
  retry,
  type ServiceControl,
  type ServiceEvent,
  toQiError,
} from '../../../../base/index.ts'

export interface KeeperOptions {
  readonly control: Pick<ServiceControl, 'events' | 'start' | 'logs'>
  readonly logger: Logger
  /** The first wait before a service that died is started; it doubles up to a minute. */
  readonly baseMs: number
  /** How often it is started before it is given up. */
  readonly attempts: number
  /** How long a service may take to be healthy. */
  readonly waitSeconds: number
  /** Told when one begins, after each attempt, and when it ends. */
  readonly onIncident: (incident: Incident) => void
}

const FIRST_WAIT_MS = 1000
const MAX_WAIT_MS = 60_000
/** A service that was healthy this long is taken to be well: the waits before the next start begin anew. */
const WELL_MS = 60_000
const LAST_LINES = 10
const SIGKILL = 9
const HEALTHY = 'health_status: healthy'

/**
 * Notices services that die and starts them again. One that was asked to stop (by a signal that it could heed, as `docker stop`
 * sends) is left alone.
 */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #asked = new Set<PlatformService>()
  readonly #mending = new Map<PlatformService, Promise<void>>()
  /** Deaths while it is mended, until it is started. */
  readonly #diedAgain = new Map<PlatformService, ServiceEvent>()
  readonly #givenUp = new Map<PlatformService, Incident>()
  /** When it was mended last, and how often in a row it did not stay well. */
  readonly #mended = new Map<PlatformService, { readonly at: number; readonly times: number }>()
  #watching = false
  #trouble: QiError | undefined

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Whether it listens now. */
  get watching(): boolean {
    return this.#watching
  }

  /** Why it does not listen. */
  get trouble(): QiError | undefined {
    return this.#trouble
  }

  /** Until the signal aborts; an engine that cannot be listened to is tried again. */
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
        logger.debug({ error: this.#trouble }, 'the services cannot be watched')
      }
      this.#watching = false
      await setTimeout(waitMs, undefined, { signal, ref: false }).catch(() => {})
    }
    await Promise.all(this.#mending.values())
  }

  #heed(event: ServiceEvent, stop: AbortSignal): void {
    const { service, action, signal } = event
    if (action === 'kill' && signal !== undefined && signal !== SIGKILL) this.#asked.add(service)
    else if (action === 'start') {
      this.#asked.delete(service)
      this.#diedAgain.delete(service)
    } else if (action === HEALTHY) this.#startedByOthers(service)
    else if (action !== 'die' || this.#asked.has(service)) return
    else if (this.#mending.has(service)) this.#diedAgain.set(service, event)
    else {
      const mending = this.#mend(event, stop)
        .catch((error: unknown) => this.#options.logger.error({ service, error: toQiError(error) }, 'a service was not mended'))
        .finally(() => {
          this.#mending.delete(service)
          const again = this.#diedAgain.get(service)
          this.#diedAgain.delete(service)
          if (again) this.#heed(again, stop)
        })
      this.#mending.set(service, mending)
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
    const before = this.#mended.get(service)
    const times = before && Date.now() - before.at < WELL_MS ? before.times + 1 : 0
    const start = async (attempt: number) => {
      await setTimeout(Math.min(baseMs * 2 ** (times + attempt), MAX_WAIT_MS), undefined, { signal })
      if (this.#asked.has(service)) return note('nothing more: it was stopped meanwhile', ended('it was stopped'))
      try {
        await control.start([service], { waitSeconds, signal })
        this.#mended.set(service, { at: Date.now(), times })
        note(`started, attempt ${attempt + 1}: healthy`, ended('it was started again and is healthy'))
        logger.info({ service, attempt: attempt + 1 }, `${service} is healthy again`)
      } catch (error) {
        if (!signal.aborted) note(`started, attempt ${attempt + 1}: ${errorMessage(error).slice(0, 200)}`)
        throw new QiError('UNAVAILABLE', errorMessage(error), { cause: error })
      }
    }
    try {
      // It waits by itself, before the first attempt too.
      await retry(start, { attempts, baseMs: 0, maxMs: 0, totalMs: Number.POSITIVE_INFINITY, signal })
    } catch (error) {
      if (signal.aborted) return
      this.#diedAgain.delete(service)
      note(`given up after ${countOf(attempts, 'attempt')}; read its logs, then start it by hand`)
      this.#givenUp.set(service, incident)
      logger.error({ service, error: toQiError(error) }, `${service} does not become healthy`)
    }
  }

  /** One that was given up is well again. */
  #startedByOthers(service: PlatformService): void {
    const incident = this.#givenUp.get(service)
    if (!incident || this.#mending.has(service)) return
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
