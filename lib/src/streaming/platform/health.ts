import type { HealthStatus, Logger, PartHealth } from '../../base/index.ts'

/** Remembers since when each part is as it is, and logs what changes. */
export class HealthLog {
  readonly #logger: Logger
  readonly #since = new Map<string, { status: HealthStatus; since: number }>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @param changed when it became so, in milliseconds since 1970, if it was otherwise when last noted */
  note(part: Omit<PartHealth, 'since'>, changed = Date.now()): PartHealth {
    const known = this.#since.get(part.name)
    const since = known?.status === part.status ? known.since : changed
    if ((known?.status ?? 'up') !== part.status) this.#tell(part)
    this.#since.set(part.name, { status: part.status, since })
    return { ...part, since }
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
