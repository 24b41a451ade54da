import { errorMessage, type Logger } from '../../types/index.ts'
import type { ControlConnection } from '../connections/ControlConnection.ts'
import { sqlState } from '../connections/errors.ts'
import { READER } from '../embedded/roles/superuser.ts'
import type { EmbeddedPostgres } from '../embedded/types.ts'
import { RoleWatch } from './RoleWatch.ts'
import { ensureReaderRole, limitAsSuperuser } from './role.ts'

/** The most connections of the role at once. */
const CONNECTIONS = 16
/** The longest statement and transaction of the role, in milliseconds; long enough for an analysis over a year. */
export const ACCESS_TIMEOUT_MS = 5 * 60_000

/** SQLSTATEs that mean: this user may not create roles, or the database is not set up. */
const NO_ROLE: ReadonlySet<string | undefined> = new Set(['42501', '25006', '42P01'])

export interface SqlAccessOptions {
  /** The store's address; read each time, because a restarted server may have moved. */
  readonly url: () => string
  /** The address for reads, if it is another one, such as a replica. */
  readonly readUrl?: string | undefined
  /** A connection to the server of `url`. */
  readonly control: ControlConnection
  /** The embedded server, if the store runs on it. */
  readonly server?: EmbeddedPostgres
}

/** An address for programs that speak SQL; the URL holds a password. */
export interface SqlAddress {
  readonly url: string
  /** True if the role can only read; false if it is the role of the configuration. */
  readonly readOnly: boolean
  /** Why there is no read-only role. */
  readonly reason?: string
  /** Limits that are missing because only an administrator of the server may set them, as SQL. */
  readonly lacking: readonly string[]
}

/**
 * Access to the database for people and their programs: a role that can only read (`qicore_reader` in the embedded server), with
 * limits that its sessions cannot lift while they are watched.
 */
export class SqlAccess implements AsyncDisposable {
  readonly #options: SqlAccessOptions
  #watch: RoleWatch | undefined

  constructor(options: SqlAccessOptions) {
    this.#options = options
  }

  /**
   * Creates or repairs the role: its password, limits and rights. In the embedded server the password is in the file
   * `postgres.reader.password`; if that was deleted, there is a new password, and sessions with the old one are ended.
   * @throws QiError UNAVAILABLE, UNAUTHORIZED, TIMEOUT
   */
  async reader(): Promise<SqlAddress> {
    const { control, server, url, readUrl } = this.#options
    const secret = await server?.readerPassword()
    const own = secret && { name: READER, password: secret.password }
    const options = {
      prefix: 'qicore_sql_',
      connections: CONNECTIONS,
      timeoutMs: ACCESS_TIMEOUT_MS,
      ...(own && { own }),
    } as const
    try {
      const made = await control.run((client) => ensureReaderRole(client, options))
      const { name, password, lacking } = await limitAsSuperuser(made, server)
      if (secret?.renewed) await this.#endSessions(name)
      const address = new URL(readUrl ?? url())
      address.username = name
      address.password = password
      return { url: address.href, readOnly: true, lacking }
    } catch (error) {
      if (server || !NO_ROLE.has(sqlState(error) ?? sqlState((error as { readonly cause?: unknown }).cause))) throw error
      return { url: readUrl ?? url(), readOnly: false, reason: errorMessage(error), lacking: [] }
    }
  }

  /** The address with the store's own role, which may change everything. */
  owner(): SqlAddress {
    return { url: this.#options.url(), readOnly: false, lacking: [] }
  }

  /** Creates the role and watches its sessions until closed. Only in the embedded server: another one belongs to its administrator. */
  async keep(logger: Logger): Promise<void> {
    const { server, control } = this.#options
    if (!server || this.#watch) return
    this.#watch = new RoleWatch(control, READER, ACCESS_TIMEOUT_MS, server)
    await this.reader().catch((error: unknown) =>
      logger.warn({ err: error }, 'the read-only role for qicore psql cannot be created; qicore psql tries again'),
    )
  }

  #endSessions(role: string): Promise<unknown> {
    return this.#options.control.run((client) =>
      client.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role]),
    )
  }

  async close(): Promise<void> {
    await this.#watch?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
