import type { ControlConnection } from '../connections/ControlConnection.ts'
import type { EmbeddedPostgres } from '../embedded/types.ts'

const EVERY_MS = 1_000

/** SQL: the sessions of the role; `overruns` is true if one is over its time, or holds advisory locks. */
const SESSIONS = `select a.pid,
    extract(epoch from clock_timestamp() - a.xact_start) * 1000 > $2
      or (a.state = 'active' and extract(epoch from clock_timestamp() - a.query_start) * 1000 > $2)
      or exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory') as overruns
  from pg_stat_activity a where a.usename = $1 and a.datname = current_database()`

/**
 * Watches the sessions of a role: confines new ones, ends those that overrun. A session can change limits that are settings, but not
 * this one.
 */
export class RoleWatch implements AsyncDisposable {
  readonly #control: ControlConnection
  readonly #role: string
  readonly #overrunMs: number
  readonly #server: Pick<EmbeddedPostgres, 'confine'> | undefined
  readonly #timer: NodeJS.Timeout
  #confined: ReadonlySet<number> = new Set()
  #looking: Promise<void> = Promise.resolve()
  #busy = false

  constructor(control: ControlConnection, role: string, overrunMs: number, server?: Pick<EmbeddedPostgres, 'confine'>) {
    this.#control = control
    this.#role = role
    this.#overrunMs = overrunMs
    this.#server = server
    this.#timer = setInterval(() => {
      if (this.#busy) return
      this.#busy = true
      this.#looking = this.#look()
        // Retried at the next tick.
        .catch(() => {})
        .finally(() => {
          this.#busy = false
        })
    }, EVERY_MS).unref()
  }

  async #look(): Promise<void> {
    const { rows } = await this.#control.run((client) =>
      client.query<{ pid: number; overruns: boolean | null }>(SESSIONS, [this.#role, this.#overrunMs]),
    )
    for (const { pid } of rows) if (!this.#confined.has(pid)) await this.#server?.confine(pid)
    this.#confined = new Set(rows.map(({ pid }) => pid))
    for (const { pid, overruns } of rows)
      if (overruns)
        await this.#control.run((client) =>
          client.query('select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and usename = $2', [
            pid,
            this.#role,
          ]),
        )
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
