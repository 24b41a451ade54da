import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { classifyPgError } from '../../connections/errors.ts'
import { OWNER } from '../roles/superuser.ts'

const PREFIX = 'qicore-lease-'

/** An open connection that marks the server as used by this process. The server drops it when the process dies, in any way. */
export class Lease {
  readonly #client: pg.Client
  /** Resolves when either side ends the connection. */
  readonly ended: Promise<void>

  private constructor(client: pg.Client) {
    this.#client = client
    this.ended = new Promise((resolve) => {
      client.once('end', resolve)
    })
    client.on('error', () => {}) // `end` follows
  }

  /** @throws QiError UNAVAILABLE while the server starts, stops or recovers; UNAUTHORIZED */
  static async take(port: number, password: string): Promise<Lease> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: OWNER,
      password,
      database: 'postgres',
      application_name: `${PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    })
    const lease = new Lease(client)
    try {
      await client.connect()
      return lease
    } catch (error) {
      await client.end().catch(() => {})
      throw classifyPgError(error, `connecting to the database server on port ${port}`)
    }
  }

  /** Keeps the process alive only while a query runs. */
  async #query(text: string, values: readonly string[] = []): Promise<pg.QueryResult> {
    this.#keepAlive(true)
    try {
      return await this.#client.query(text, [...values])
    } finally {
      this.#keepAlive(false)
    }
  }

  /** True if the server answers on this connection. */
  async answers(): Promise<boolean> {
    try {
      await this.#query('select 1')
      return true
    } catch {
      return false
    }
  }

  /** The number of other leases on the server. */
  async others(): Promise<number> {
    const { rows } = await this.#query(
      "select count(*)::int as n from pg_stat_activity where application_name like $1 || '%' and pid <> pg_backend_pid()",
      [PREFIX],
    )
    return (rows[0] as { n: number }).n
  }

  async release(): Promise<void> {
    this.#keepAlive(true)
    await this.#client.end().catch(() => {})
  }

  #keepAlive(on: boolean): void {
    const socket = this.#client as unknown as { ref(): void; unref(): void } // in pg, not yet in its types
    on ? socket.ref() : socket.unref()
  }
}
