import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { abortable } from '../../networking/clock.ts'
import { type CheckResult, QiError, toQiError } from '../../types/index.ts'
import type { ControlConnection } from '../connections/ControlConnection.ts'
import { classifyPgError, sqlState } from '../connections/errors.ts'
import { destroy, trackConnection } from '../connections/liveConnections.ts'
import type { EmbeddedPostgres } from '../embedded/types.ts'
import { tookTooLong } from './failure.ts'
import type { ReadLimits } from './limits.ts'
import { fetchRows } from './query.ts'
import { ensureReaderRole, findReaderRole, limitAsSuperuser, type ReaderRole } from './role.ts'
import type { ReadRows } from './rows.ts'
import { Slots } from './Slots.ts'
import { type CheckedStatement, checkStatement } from './statement.ts'

/** Queries at once in this process, and the longest wait for one of these slots, in milliseconds. */
const SLOTS = 4
const PATIENCE_MS = 2_000
/** The most connections of the role, over all processes of a store. */
const CONNECTIONS = 10
/** The longest statement by the role's own setting, in milliseconds; a backstop if this process dies. */
const ROLE_TIMEOUT_MS = 10_000
/** The longest wait for sessions to end when the store is closed, in milliseconds. */
const CLOSE_MS = 3_000
/** A query that succeeded within this time proves that the reader works, in milliseconds. */
const FRESH_MS = 30_000
/** Retries, and the wait before each in milliseconds, until a new role has been replicated. */
const REPLAYS = 10
const REPLAY_MS = 200

export interface SqlReaderOptions {
  /** The address; read before each connection, because a restarted server may have moved. */
  readonly url: () => string
  /** The connection that creates and repairs the role. */
  readonly control: ControlConnection
  /** The connection that ends sessions, if `url` leads to a replica of the server of `control`; default: `control`. */
  readonly sessions?: ControlConnection
  /** Uses a role that exists, because nothing may be written here. Default false. */
  readonly existing?: boolean
  /** The embedded server, if the store runs on it. */
  readonly server?: Pick<EmbeddedPostgres, 'asSuperuser' | 'confine'>
  /** Runs queries even if the server does not limit the role's temporary files. Default false. */
  readonly unlimited?: boolean
}

const SESSION = (timeoutMs: number) => `set datestyle = iso; set timezone = 'UTC'; set extra_float_digits = 1; set jit = off;
  set standard_conforming_strings = on; begin transaction read only; set local statement_timeout = ${timeoutMs};
  select current_setting('temp_file_limit') as files`

/**
 * Runs SQL from outside safely: only statements that {@link checkStatement} accepts, in a role that can only read, each on a connection of
 * its own, in a few slots. A query has one deadline for everything; a session that is still there after it is ended over the control
 * connection, and its slot is free once the session is gone.
 */
export class SqlReader implements AsyncDisposable {
  readonly #options: SqlReaderOptions
  readonly #slots = new Slots(SLOTS, PATIENCE_MS)
  readonly #closed = new AbortController()
  readonly #ending = new Set<Promise<void>>()
  #role: Promise<ReaderRole> | undefined
  #workedAt = Number.NEGATIVE_INFINITY

  constructor(options: SqlReaderOptions) {
    this.#options = options
  }

  /**
   * Runs one query.
   * @param caller a caller has one query at a time
   * @throws QiError BAD_REQUEST if it is not a query, FORBIDDEN if it is not allowed, TIMEOUT, RATE_LIMITED while no slot is free,
   *   UNSUPPORTED if the role or its limits cannot be set up
   */
  async read(sql: string, limits: ReadLimits, caller = 'somebody'): Promise<ReadRows> {
    const checked = await checkStatement(sql)
    const { sessions } = this.#options
    return this.#inSlot(caller, async (query) => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await this.#run(checked, limits, query)
        } catch (error) {
          if (!isStale(error)) throw error
          // A table may be newer than the rights of the role, or the role may be gone.
          if (attempt === 0 ? !(await this.#renewed(error)) : !sessions || attempt > REPLAYS) throw error
          if (sessions) await sleep(REPLAY_MS)
        }
      }
    })
  }

  /** Runs a trial query, unless one was answered lately. undefined until the first use. Never throws. */
  async check(): Promise<CheckResult | undefined> {
    if (!this.#role) return undefined
    const summary = 'queries are answered'
    if (performance.now() - this.#workedAt < FRESH_MS) return { ok: true, summary }
    if (this.#slots.full) return { ok: true, summary: `all ${SLOTS} slots are taken by queries within their time` }
    const limits = { limit: 1, offset: 0, room: 100, width: 100, timeoutMs: 3_000 }
    try {
      await this.read('select 1', limits, 'qicore health')
      return { ok: true, summary }
    } catch (thrown) {
      const error = toQiError(thrown)
      // SQL that is switched off is healthy, and so is a slot that others took meanwhile.
      if (error.code === 'UNSUPPORTED' || error.code === 'RATE_LIMITED') return { ok: true, summary: error.message }
      return { ok: false, degraded: true, summary: error.message, error }
    }
  }

  /** Limits of the role that only an administrator may set, as SQL. @throws QiError UNSUPPORTED if the role cannot be created */
  async lacking(): Promise<readonly string[]> {
    this.#role = this.#ensure()
    return (await this.#role).lacking
  }

  /** Cancels running queries; returns once their sessions are gone, or after three seconds. */
  async close(): Promise<void> {
    this.#closed.abort(new QiError('CLOSED', 'the store is closed'))
    const late = AbortSignal.timeout(CLOSE_MS)
    while (this.#ending.size > 0 && !late.aborted) await abortable(Promise.all(this.#ending), late).catch(() => {})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Runs work in a slot, which is released once the sessions of the work are gone. */
  async #inSlot<T>(caller: string, work: (query: RunningQuery) => Promise<T>): Promise<T> {
    const release = await this.#slots.take(caller)
    const query = new RunningQuery()
    const result = work(query)
    const ended = result
      .catch(() => {})
      .then(() => query.ended())
      .finally(release)
    this.#ending.add(ended)
    void ended.finally(() => this.#ending.delete(ended))
    return result
  }

  async #run(checked: CheckedStatement, limits: ReadLimits, query: RunningQuery): Promise<ReadRows> {
    const deadline = AbortSignal.timeout(limits.timeoutMs)
    const signal = AbortSignal.any([deadline, this.#closed.signal, ...(limits.signal ? [limits.signal] : [])])
    let session: { readonly client: pg.Client; readonly role: string } | undefined
    try {
      const role = await abortable(this.#ensured(), signal)
      const client = new pg.Client({ connectionString: this.#address(role), application_name: 'qicore reader' })
      client.on('error', () => {}) // the query fails
      session = { client, role: role.name }
      const rows = await abortable(this.#query(client, checked, limits), signal)
      this.#workedAt = performance.now()
      return rows
    } catch (error) {
      if (!signal.aborted) throw classifyPgError(error)
      throw deadline.aborted ? tookTooLong(limits.timeoutMs) : toQiError(signal.reason)
    } finally {
      if (session) query.ending(this.#end(session.client, session.role, signal.aborted))
    }
  }

  async #query(client: pg.Client, checked: CheckedStatement, limits: ReadLimits): Promise<ReadRows> {
    await client.connect()
    trackConnection(client)
    await this.#options.server?.confine(processOf(client))
    const begun = (await client.query(SESSION(limits.timeoutMs))) as unknown as pg.QueryResult<{ files: string }>[]
    if (begun.at(-1)?.rows[0]?.files === '-1' && !this.#options.unlimited) throw noLimit(await this.lacking())
    return fetchRows(client, checked, limits)
  }

  async #end(client: pg.Client, role: string, overrun: boolean): Promise<void> {
    const pid = processOf(client)
    if (!overrun) {
      const ended = client.end().catch(() => {})
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1_000).unref())])
    }
    destroy(client)
    const { control, sessions = control } = this.#options
    if (overrun && pid) await sessions.endSession(pid, role)
  }

  #address({ name, password }: ReaderRole): string {
    const address = new URL(this.#options.url())
    address.username = name
    address.password = password
    return address.href
  }

  #ensured(): Promise<ReaderRole> {
    this.#role ??= this.#ensure()
    return this.#role
  }

  #ensure(): Promise<ReaderRole> {
    const options = { prefix: 'qicore_reader_', connections: CONNECTIONS, timeoutMs: ROLE_TIMEOUT_MS } as const
    const ensured = this.#options.control
      .run((client) => (this.#options.existing ? findReaderRole(client, options) : ensureReaderRole(client, options)))
      .then((role) => limitAsSuperuser(role, this.#options.server))
      .catch((error: unknown) => {
        if (this.#role === ensured) this.#role = undefined
        const failure = classifyPgError(error)
        throw failure.code === 'FORBIDDEN' && !this.#options.existing ? noRole(error) : failure
      })
    return ensured
  }

  /** Repairs the role. @returns true if that may have changed anything */
  async #renewed(error: unknown): Promise<boolean> {
    this.#role = this.#ensure()
    const { granted } = await this.#role
    return granted || (error as QiError).code !== 'FORBIDDEN'
  }
}

/** The sessions of one query: one, or several if it was retried. */
class RunningQuery {
  readonly #sessions: Promise<void>[] = []

  ending(ended: Promise<void>): void {
    this.#sessions.push(ended)
  }

  async ended(): Promise<void> {
    await Promise.all(this.#sessions)
  }
}

const processOf = (client: pg.Client): number => (client as unknown as { readonly processID: number | null }).processID ?? 0

/** True for a missing privilege or login. */
function isStale(error: unknown): boolean {
  const state = sqlState(error) ?? sqlState((error as { readonly cause?: unknown } | undefined)?.cause)
  return state === '42501' || state?.startsWith('28') === true
}

const noRole = (cause: unknown): QiError =>
  new QiError(
    'UNSUPPORTED',
    "the store's user may not create roles, and SQL runs only in a role that can only read: have an administrator run `alter role <the user of DATABASE_URL> createrole`, or use the named queries, which need no role",
    { field: 'sql', cause },
  )

const noLimit = (lacking: readonly string[]): QiError =>
  new QiError(
    'UNSUPPORTED',
    `sql is off, because this server does not limit its temporary files: have an administrator run \`${lacking.join('; ')}\`, or set database.reader_limits to waived to run it without; the named queries work`,
    { field: 'sql' },
  )
