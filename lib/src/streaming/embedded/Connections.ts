import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import {
  answeredWithin,
  classifyPgError,
  createPool,
  IDENTIFY,
  type LockKeys,
  lockKeys,
  type Pool,
  type PoolClient,
  SilenceWatch,
  trackConnection,
} from '../../base/database/index.ts'
import { type Logger, QiError } from '../../base/types/index.ts'

export interface ConnectionOptions {
  /** Called before each new connection, because a restarted server may have another port. */
  readonly url: () => string
  readonly max: number
  readonly lockTimeoutMs: number
  readonly logger: Logger
}

/** How long work waits for a server that cannot be reached. */
const ACQUIRE_MS = 10_000

/**
 * Forces index scans, whatever the statistics of a fresh table say: every statement here is a lookup by key. Turns synchronous
 * commit on if the server's default is off, because an acknowledged append must be on disk.
 */
const setup = (lockTimeoutMs: number) => `set enable_seqscan = off; set enable_bitmapscan = off;
  set lock_timeout = ${lockTimeoutMs}; set idle_in_transaction_session_timeout = 60000;
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`

/** Turns off the server's idle timeout for sessions, where the server has that setting. */
const SESSION = `select set_config(s.name, v.value, false) from (values ('idle_session_timeout', '0')) v (name, value)
  join pg_settings s using (name)`

/** The log's database connections: a pool for short work, and separate sessions for locks and notifications. */
export class Connections {
  readonly #options: ConnectionOptions
  readonly #pool: Pool
  readonly #watch: SilenceWatch
  readonly #closed = new AbortController()
  #keys: LockKeys | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#watch = new SilenceWatch(options.url)
    this.#pool = createPool(options.url(), {
      max: options.max,
      applicationName: 'qicore stream',
      setup: setup(options.lockTimeoutMs),
      onLost: (error) => options.logger.debug({ err: error }, 'a connection of the log was lost'),
    })
  }

  /** Keys of the log's advisory locks. @throws QiError CLOSED before readKeys() */
  get keys(): LockKeys {
    if (!this.#keys) throw new QiError('CLOSED', 'the log is not open yet')
    return this.#keys
  }

  /** Reads the lock keys; the log's tables must exist. */
  async readKeys(): Promise<void> {
    this.#keys = await this.run(lockKeys)
  }

  /** For migrations. */
  get pool(): Pool {
    return this.#pool
  }

  /**
   * Runs `work` on a pooled connection, waiting up to 10 s for a server that is starting or restarting. Failed work is not retried.
   * @throws QiError
   */
  async run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#acquire()
    let failed = true
    try {
      const result = await work(client)
      failed = false
      return result
    } catch (error) {
      throw classifyPgError(error)
    } finally {
      client.release(failed)
    }
  }

  #acquire(): Promise<PoolClient> {
    return retryConnect(this.#closed.signal, () => {
      this.#pool.options.connectionString = this.#options.url()
      return this.#pool.connect()
    })
  }

  /**
   * A dedicated connection, for session locks and LISTEN. Waits up to 10 s for a server that cannot be reached.
   * @throws QiError
   */
  session(signal: AbortSignal): Promise<pg.Client> {
    return retryConnect(AbortSignal.any([signal, this.#closed.signal]), () => this.#connect())
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#options.url(),
      application_name: 'qicore stream',
      connectionTimeoutMillis: ACQUIRE_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    })
    client.on('error', () => {}) // the session's user listens for its end
    try {
      await client.connect()
      trackConnection(client)
      const identity = await answeredWithin(client, ACQUIRE_MS, async () => {
        await client.query(SESSION)
        await client.query(setup(this.#options.lockTimeoutMs))
        return client.query(IDENTIFY)
      })
      this.#watch.watch(client, identity)
      return client
    } catch (error) {
      void client.end().catch(() => {})
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#closed.abort()
    await this.#pool.end()
  }
}

export const closedError = (): QiError => new QiError('CLOSED', 'the stream is closed')

/** Connects, retrying retryable errors for 10 s. */
async function retryConnect<T>(closed: AbortSignal, connect: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + ACQUIRE_MS
  for (let wait = 50; ; wait = Math.min(wait * 2, 1000)) {
    if (closed.aborted) throw closedError()
    try {
      return await connect()
    } catch (error) {
      if (closed.aborted) throw closedError()
      const failure = classifyPgError(error, 'connecting to the log')
      if (!failure.retryable || performance.now() + wait > deadline) throw failure
      await delay(wait, undefined, { signal: closed }).catch(() => {})
    }
  }
}
