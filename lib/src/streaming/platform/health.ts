import type { HealthStatus, Logger, Outage, PartHealth } from '../../base/index.ts'

/** How many of the times that are over are remembered. */
const KEPT = 200

/** Remembers since when each part is as it is and when it was unwell, and logs what changes. */
export class HealthLog {
  readonly #logger: Logger
  readonly #since = new Map<string, { status: HealthStatus; since: number; told: boolean }>()
  readonly #unwell = new Map<string, Outage>()
  readonly #over: Outage[] = []

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /**
   * @param changed when it became so, in milliseconds since 1970, if it was otherwise when last noted
   * @param told whether people are told of it, and of its end, in other words
   */
  note(part: Omit<PartHealth, 'since'>, changed = Date.now(), told = false): PartHealth {
    const known = this.#since.get(part.name)
    const since = known?.status === part.status ? known.since : changed
    if ((known?.status ?? 'up') !== part.status && !told && !known?.told) this.#tell(part)
    this.#since.set(part.name, { status: part.status, since, told })
    this.#keep(part, since)
    return { ...part, since }
  }

  /** Those that are unwell, and the last times that are over. */
  outages(): readonly Outage[] {
    return [...this.#over, ...this.#unwell.values()]
  }

  #keep({ name, status, summary, code, action }: Omit<PartHealth, 'since'>, since: number): void {
    const known = this.#unwell.get(name)
    if (status !== 'up') {
      const worst = known?.status === 'down' ? 'down' : status
      const why = { summary, ...(code !== undefined && { code }), ...(action !== undefined && { action }) }
      this.#unwell.set(name, { part: name, status: worst, since: known?.since ?? since, ...why })
    } else if (known) {
      this.#unwell.delete(name)
      this.#over.push({ ...known, until: Math.max(since, known.since) })
      if (this.#over.length > KEPT) this.#over.shift()
    }
  }

  #tell({ name, status, summary, action }: Omit<PartHealth, 'since'>): void {
    const level = status === 'up' ? 'info' : 'warn'
    this.#logger[level](
      { part: name, status, summary, ...(action !== undefined && { action }) },
      `${name} is ${status}: ${summary}`,
    )
  }
}

/** Down when the store or the stream is, degraded when anything is unwell. */
export function overall(parts: readonly PartHealth[], vital: readonly string[]): HealthStatus {
  if (parts.some((part) => part.status === 'down' && vital.includes(part.name))) return 'down'
  return parts.every((part) => part.status === 'up') ? 'up' : 'degraded'
}
