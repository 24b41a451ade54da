import type { HealthStatus, Logger, Outage, PartHealth } from '../../../base/types/index.ts'

/** Past outages that are kept. */
const KEPT = 200

/** Tracks each part's status and since when, keeps past outages, logs transitions. */
export class HealthLog {
  readonly #logger: Logger
  readonly #known = new Map<string, { status: HealthStatus; since: number; reported: boolean }>()
  readonly #open = new Map<string, Outage>()
  readonly #past: Outage[] = []

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /**
   * Notes the status of a part, and logs it if it changed.
   * @param changed time of the change, if it is one, in milliseconds since 1970
   * @param reported true if this status, and its end, reach people by other lines: they are not logged then
   */
  note(part: Omit<PartHealth, 'since'>, changed = Date.now(), reported = false): PartHealth {
    const known = this.#known.get(part.name)
    const since = known?.status === part.status ? known.since : changed
    if ((known?.status ?? 'up') !== part.status && !reported && !known?.reported) this.#log(part)
    this.#known.set(part.name, { status: part.status, since, reported })
    this.#keep(part, since)
    return { ...part, since }
  }

  /** The last outages that are over, then the current ones. */
  outages(): readonly Outage[] {
    return [...this.#past, ...this.#open.values()]
  }

  #keep({ name, status, summary, code, action }: Omit<PartHealth, 'since'>, since: number): void {
    const open = this.#open.get(name)
    if (status !== 'up') {
      const worst = open?.status === 'down' ? 'down' : status
      const why = { summary, ...(code !== undefined && { code }), ...(action !== undefined && { action }) }
      this.#open.set(name, { part: name, status: worst, since: open?.since ?? since, ...why })
    } else if (open) {
      this.#open.delete(name)
      this.#past.push({ ...open, until: Math.max(since, open.since) })
      if (this.#past.length > KEPT) this.#past.shift()
    }
  }

  #log({ name, status, summary, action }: Omit<PartHealth, 'since'>): void {
    const level = status === 'up' ? 'info' : 'warn'
    this.#logger[level](
      { part: name, status, summary, ...(action !== undefined && { action }) },
      `${name} is ${status}: ${summary}`,
    )
  }
}
