import pg from 'pg'
import { type QiError, toQiError } from '../types/index.ts'
import { classifyPgError, poolFull } from './errors.ts'
import { answeredWithin, destroy, trackConnection } from './live.ts'
import { type AddressSetting, requireSessions } from './recognise.ts'
import { type Route, routeOf } from './route.ts'
import { IDENTIFY, isPooled, SilenceWatch } from './silence.ts'
import type { FailureExplainer } from './trouble/Troubles.ts'

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
  /** Sessions that cannot write, whatever the role may do: a slip in a statement of ours is an error. Default false. */
  readonly readOnly?: boolean
  /** Looks at each new connection after its setup; what it throws is the failure to connect. */
  readonly admit?: (client: pg.ClientBase) => Promise<void>
  /** Name of the pool's address in errors; default `the database`. */
  readonly called?: string
  /** The setting that the address comes from, for errors. */
  readonly setting?: AddressSetting
  /** After how long without a byte a connection is asked about, in milliseconds; default 10,000. */
  readonly quietMs?: number
  /** Hears of connections that died, idle or at work; the pool replaces them by itself. */
  readonly onLost?: (error: QiError) => void
}

/**
 * A pool whose sessions read and write times in UTC and ISO, and that survives a restarted server and a network that forgets
 * connections: a dead one is dropped, the next one is made on demand. Connecting fails (CONFIG_INVALID) through a pooler that loses
 * the state of sessions.
 */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const lost = (error: Error) => options.onLost?.(classifyPgError(error, 'a database connection was lost'))
  // Compiling our statements takes a hundred times as long as running them, where a server has that on.
  const reading = options.readOnly ? 'set default_transaction_read_only = on; ' : ''
  const setup = `set datestyle = iso; set timezone = 'UTC'; set extra_float_digits = 1; set jit = off; ${reading}${options.setup ?? ''};\n${IDENTIFY}`
  const { connectTimeoutMs = 10_000 } = options
  const watch = new SilenceWatch(() => pool.options.connectionString ?? url, options.quietMs)
  // A pooler in session mode is looked at once.
  let known: Promise<Route> | undefined
  const keepsSessions = async (client: pg.ClientBase) => {
    known ??= routeOf(client, pool.options.connectionString ?? url)
    try {
      requireSessions(await known, options.setting)
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
      // Without a listener of its own a connection that dies while it is checked out would end the process.
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

/** True for a pool that was made with `readOnly`. */
export const isReadOnly = (pool: Pool): boolean => readers.has(pool)

/** Points a pool at another address; connections that are made from now on go there. */
export function repointPool(pool: Pool, url: string): void {
  pool.options.connectionString = url
}

export interface ConnectOptions {
  /** Gives up, closing the connection that is at work. */
  readonly signal?: AbortSignal
  /** Called when the database cannot be reached; then it is tried once more. */
  readonly recover?: () => Promise<void>
  /** Names the cause of a failure where it lies in the tables: a lock, a missing column, a full disk. */
  readonly troubles?: FailureExplainer
  /** The statement, or the table that it is about; default the message of the failure. */
  readonly about?: string
}

/**
 * Runs work on one connection of the pool. One whose work failed goes back only when the server is known to be idle on it;
 * any other is closed, so that no half-finished transaction is handed on.
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
    // The connection is back by now: explaining takes none from others.
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
    // Sound only when the server refused the work and no transaction is open: a server that ends the session says so before
    // the socket closes.
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
    // pg says of either that connecting took too long.
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

/** Runs work in a transaction, which a failure takes back. @param begin the statements that open it */
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
