import { type Incident, IncidentLog, type Logger, type Pool, retry } from '../../../../base/index.ts'

const KEPT = 100

/** How long a store that does not answer is waited for at the end. */
const CLOSE_MS = 2_000

/** Incidents of services: at hand in this process, and in the store as soon as it can be written, since it may be what died. */
export class Incidents {
  readonly #pool: Pool
  readonly #logger: Logger
  readonly #known = new Map<string, Incident>()
  readonly #stop = new AbortController()
  #written: Promise<unknown> = Promise.resolve()

  constructor(pool: Pool, logger: Logger) {
    this.#pool = pool
    this.#logger = logger
  }

  note(incident: Incident): void {
    this.#known.set(`${incident.part} ${incident.since}`, incident)
    for (const key of this.#known.keys()) if (this.#known.size > KEPT) this.#known.delete(key)
    const write = async () => (await IncidentLog.open(this.#pool)).write([incident])
    const { signal } = this.#stop
    const endless = { attempts: Number.POSITIVE_INFINITY, totalMs: Number.POSITIVE_INFINITY, signal }
    this.#written = this.#written
      .then(() => retry(write, endless))
      .catch((error: unknown) => this.#logger.warn({ error, part: incident.part }, 'an incident could not be kept in the store'))
  }

  /** Of the store; where it does not answer, those of this process. Newest first. */
  async newest(limit: number): Promise<readonly Incident[]> {
    const own = [...this.#known.values()].reverse()
    try {
      const kept = await (await IncidentLog.open(this.#pool)).list({ limit: KEPT })
      const others = kept.filter(({ part, since }) => part.startsWith('service ') && !this.#known.has(`${part} ${since}`))
      return [...own, ...others].toSorted((a, b) => b.since.localeCompare(a.since)).slice(0, limit)
    } catch {
      return own.slice(0, limit)
    }
  }

  get open(): readonly Incident[] {
    return [...this.#known.values()].filter(({ until }) => until === null)
  }

  /** What can be written soon still is. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.#stop.abort(), CLOSE_MS)
    await this.#written
    clearTimeout(late)
  }
}
