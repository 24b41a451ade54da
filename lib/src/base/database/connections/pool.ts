import pg from 'pg'
import { type QiError, toQiError } from '../../types/index.ts'
import { type AddressSetting, requireSessionMode } from './checkServer.ts'
import { classifyPgError, poolFull } from './errors.ts'
import type { FailureExplainer } from './FailureExplainer.ts'
import { answeredWithin, destroy, trackConnection } from './liveConnections.ts'
import { type Route, routeOf } from './route.ts'
import { IDENTIFY, isPooled, SilenceWatch } from './SilenceWatch.ts'

export type Pool = pg.Pool
export type PoolClient = pg.PoolClient

export interface PoolOptions {
  /** Most connections; default 10. */
  readonly max?: number
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string
  /** How long to wait for a connection, and for the answer to its first statements, in milliseconds; default 10,000. */
  readonly connectTimeoutMs?: number
  /** Statements run once on each new connection. */
  readonly setup?: string
  /** Read-only sessions, even for a role that may write, so that a wrong statement of ours fails. Default false. */
  readonly readOnly?: boolean
  /** Checks each new connection after its setup; an error it throws fails the connect. */
  readonly admit?: (client: pg.ClientBase) => Promise<void>
  /** The pool's server as errors name it; default `the database`. */
  readonly called?: string
  /** The setting that the address comes from, for errors. */
  readonly setting?: AddressSetting
  /** Silence after which the server is asked whether a connection still exists, in milliseconds; default 10,000. */
  readonly quietMs?: number
  /** Called when a connection died, idle or at work; the pool replaces it by itself. */
  readonly onLost?: (error: QiError) => void
}

/**
 * Creates a pool whose sessions use ISO times in UTC. It survives a restarted server and a network that drops idle connections: a dead
 * connection is discarded, the next one is made on demand. Connecting through a pooler that loses session state fails with CONFIG_INVALID.
 */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const lost = (error: Error) => options.onLost?.(classifyPgError(error, 'a database connection was lost'))
  // jit off: compiling our statements takes a hundred times as long as running them.
  const reading = options.readOnly ? 'set default_transaction_read_only = on; ' : ''
  const setup = `set datestyle = iso; set timezone = 'UTC'; set extra_float_digits = 1; set jit = off; ${reading}${options.setup ?? ''};\n${IDENTIFY}`
  const { connectTimeoutMs = 10_000 } = options
  const watch = new SilenceWatch(() => pool.options.connectionString ?? url, options.quietMs)
  // Checked once per pool, if the connection goes through a pooler.
  let known: Promise<Route> | undefined
  const keepsSessions = async (client: pg.ClientBase) => {
    known ??= routeOf(client, pool.options.connectionString ?? url)
    try {
      requireSessionMode(await known, options.setting)
    } catch (error) {
      known = undefined
      throw error
    }
  }
  const pool: Pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    application_name: options.applicationName ?? 'qicore',
    keepAlive: true,
    onConnect: async (client: pg.ClientBase) => {
      // Without a listener, an error on a checked-out connection would end the process.
      client.on('error', () => {})
      trackConnection(client)
      const identity = await answeredWithin(client, connectTimeoutMs, () => client.query(setup))
      watch.watch(client, identity)
      if (isPooled(client, identity)) await answeredWithin(client, connectTimeoutMs, () => keepsSessions(client))
      const { admit } = options
      if (admit) await answeredWithin(client, connectTimeoutMs, () => admit(client))
    },
  } as pg.PoolConfig)
  pool.on('error', lost)
  if (options.called) names.set(pool, options.called)
  if (options.readOnly) readers.add(pool)
  return pool
}

const names = new WeakMap<Pool, string>()
const readers = new WeakSet<Pool>()

/** True for a pool created with `readOnly`. */
export const isReadOnly = (pool: Pool): boolean => readers.has(pool)

/** Sets another address for new connections of a pool. */
export function repointPool(pool: Pool, url: string): void {
  pool.options.connectionString = url
}

export interface ConnectOptions {
  /** Aborts the work and closes its connection. */
  readonly signal?: AbortSignal
  /** Called when the database cannot be reached, before the second and last attempt. */
  readonly recover?: () => Promise<void>
  /** Explains failures caused by the tables: a lock, a missing column, a full disk. */
  readonly troubles?: FailureExplainer
  /** The statement, or its table, for `troubles`; default: the message of the failure. */
  readonly about?: string
}

/**
 * Runs work on one connection of the pool. After a failure the connection returns to the pool only if the server reports it as idle;
 * otherwise it is closed, so that nobody gets an unfinished transaction.
 * @throws QiError; CANCELLED or TIMEOUT when the signal fires
 */
export async function withClient<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: ConnectOptions = {},
): Promise<T> {
  try {
    return await onClient(pool, work, options)
  } catch (error) {
    // After the connection was released, so that explaining holds none.
    throw options.troubles ? await options.troubles.explain(error as QiError, options.about) : error
  }
}

async function onClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>, options: ConnectOptions): Promise<T> {
  const { signal } = options
  if (signal?.aborted) throw toQiError(signal.reason)
  const client = await connect(pool, options)
  let broken = true
  const abort = () => destroy(client)
  try {
    signal?.addEventListener('abort', abort, { once: true })
    const result = await work(client)
    broken = false
    return result
  } catch (error) {
    const failure = classifyPgError(error)
    // Reusable only if the server refused the work and no transaction is open. A server that ends the session reports an error before
    // the socket closes: such errors are retryable.
    broken = failure.retryable || client.getTransactionStatus() !== 'I'
    if (signal?.aborted) throw toQiError(signal.reason)
    throw failure
  } finally {
    signal?.removeEventListener('abort', abort)
    client.release(broken || signal?.aborted === true)
  }
}

async function connect(pool: Pool, { recover }: ConnectOptions): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    const { max = 10, connectionTimeoutMillis: waitedMs = 0 } = pool.options
    // pg has one message for a full pool and for a slow connect.
    if (/timeout exceeded when trying to connect/.test(String(error)) && pool.totalCount >= max)
      throw poolFull(max, waitedMs, pool.waitingCount, error)
    const connecting = `connecting to ${names.get(pool) ?? 'the database'}`
    const failure = classifyPgError(error, connecting)
    if (!recover || failure.code !== 'UNAVAILABLE') throw failure
    await recover()
    return pool.connect().catch((again: unknown) => {
      throw classifyPgError(again, connecting)
    })
  }
}

/** Runs work in a transaction; rolls back if it throws. @param begin the statements that open the transaction */
export async function inTransaction<T>(client: PoolClient, work: () => Promise<T>, begin = 'begin'): Promise<T> {
  await client.query(begin)
  try {
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
