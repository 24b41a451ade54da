import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { QiError } from '../../types/index.ts'
import { classifyPgError } from './errors.ts'
import { trackConnection } from './liveConnections.ts'

/** Time limits of a statement and of a wait for a lock, in milliseconds. */
const STATEMENT_MS = 5_000
const LOCK_MS = 2_000

/**
 * One connection outside all pools, for work that must succeed while those are full: ending sessions, managing roles, explaining failures.
 * Statements run one after another, with time limits; after a lost connection the next statement connects again.
 */
export class ControlConnection implements AsyncDisposable {
  readonly #url: () => string
  readonly #closed = new AbortController()
  #client: pg.Client | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param url called before each connect, since a restarted server may have another address */
  constructor(url: () => string) {
    this.#url = url
  }

  /** Runs work after the earlier work has ended. Failed work closes the connection. @throws QiError */
  run<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const result = this.#last.then(() => this.#run(work))
    this.#last = result.catch(() => {})
    return result
  }

  async #run<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    if (this.#closed.signal.aborted) throw new QiError('CLOSED', 'the control connection is closed')
    try {
      return await work(await this.#connected())
    } catch (error) {
      await this.#drop()
      throw classifyPgError(error)
    }
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client
    const client = new pg.Client({
      connectionString: this.#url(),
      application_name: 'qicore control',
      connectionTimeoutMillis: STATEMENT_MS,
      // Longer than the server's own limit: only for a server that does not answer.
      query_timeout: STATEMENT_MS + 2_000,
      keepAlive: true,
    })
    const gone = () => {
      if (this.#client === client) this.#client = undefined
    }
    client.on('error', gone)
    client.on('end', gone)
    await client.connect()
    trackConnection(client)
    this.#client = client
    await client.query(`set statement_timeout = ${STATEMENT_MS}; set lock_timeout = ${LOCK_MS}`)
    return client
  }

  async #drop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => {})
  }

  /**
   * Terminates a session of a role. Repeats until it is gone, since a request is lost if the connection breaks, and a busy session ends
   * late.
   * @returns when the session is gone, or this connection is closed
   */
  async endSession(pid: number, role: string): Promise<void> {
    for (let pause = 50; !this.#closed.signal.aborted; pause = Math.min(pause * 2, 1_000)) {
      const gone = await this.run(async (client) => {
        const { rowCount } = await client.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and usename = $2',
          [pid, role],
        )
        return rowCount === 0
      }).catch(() => false)
      if (gone) return
      await sleep(pause, undefined, { signal: this.#closed.signal }).catch(() => {})
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#last
    await this.#drop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
