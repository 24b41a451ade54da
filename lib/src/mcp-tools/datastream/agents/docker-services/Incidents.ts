import { type Incident, IncidentLog } from '../../../../base/agent/index.ts'
import type { Pool } from '../../../../base/database/index.ts'
import { retry } from '../../../../base/networking/index.ts'
import type { Logger } from '../../../../base/types/index.ts'

const KEPT = 100

/** Longest wait for the store at the end, in milliseconds. */
const CLOSE_MS = 2_000

/** Incidents of services: in memory, and in the store as soon as it can be written: the store itself may be the one that died. */
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
      .catch((error: unknown) =>
        this.#logger.warn({ err: error, part: incident.part }, 'an incident could not be kept in the store'),
      )
  }

  /** From the store, or from memory if it does not answer. Newest first. */
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

  /** Waits a short time for pending writes. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.#stop.abort(), CLOSE_MS)
    await this.#written
    clearTimeout(late)
  }
}
