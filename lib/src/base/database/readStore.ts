import type { ClientBase } from 'pg'
import type { Pools } from '../networking/pools.ts'
import { withTimeout } from '../networking/timeout.ts'
import { type Calendar, type CheckResult, QiError, type SeriesCalendars, toQiError } from '../types/index.ts'
import type { Capabilities } from './capabilities.ts'
import type { ControlConnection } from './control.ts'
import { Coverage, type CoverageReads } from './coverage/index.ts'
import type { DatabaseClock } from './DatabaseClock.ts'
import { StoredCalendars } from './dsl/calendars.ts'
import { MarketReads } from './dsl/MarketReads.ts'
import { stateOf } from './errors.ts'
import { pendingMigrations, storedChoice } from './migrations/index.ts'
import { type ConnectOptions, type Pool, type PoolOptions, withClient } from './pool.ts'
import { Reader } from './reader.ts'
import type { SqlReader } from './readOnly/SqlReader.ts'
import { type AddressSetting, refused } from './recognise.ts'
import { type ReplicaState, replicaState } from './replica.ts'
import { Rollups } from './rollups/Rollups.ts'
import { type StoreStatistics, storeStatistics } from './statistics/storeStatistics.ts'
import { allTables } from './tables.ts'
import { Policies } from './timescale/policies.ts'
import { Troubles } from './trouble/Troubles.ts'
import { UnreadableRows } from './unreadable.ts'

/** A store that is only read: nothing on it writes, so that it works on a replica and for a role with `select` alone. */
export interface ReadStore extends AsyncDisposable {
  readonly engine: 'embedded' | 'external'
  /** Its address now; holds the password. */
  readonly url: string
  readonly capabilities: Capabilities
  /** The database's clock: records are judged by it, and not by the machine's. */
  readonly clock: DatabaseClock
  /** The trading hours of stored series. */
  readonly calendars: SeriesCalendars
  readonly pool: Pool
  /** Those of the store: their sizes and their health. */
  readonly pools: Pools
  readonly dsl: MarketReads
  /** For SQL from outside. */
  readonly sql: SqlReader
  /** What is held of each series, and what is missing. @throws QiError */
  coverage(): Promise<CoverageReads>
  /** Sizes, chunks, policies and rollups. @throws QiError */
  statistics(): Promise<StoreStatistics>
  /** Whether it is a replica, and how far behind. @throws QiError */
  replica(): Promise<ReplicaState>
  /** Exercises the real path. Never throws. */
  check(): Promise<CheckResult>
  close(): Promise<void>
}

/** A read that takes longer is given up, and so is one of a table that somebody has locked; in milliseconds. */
export const READ_LIMITS = 'set statement_timeout = 30000; set lock_timeout = 1000'

/** A prober waits four seconds for the whole platform. */
const PATIENCE_MS = 2_500
/** A replica that is further behind misleads who asks for prices of now. */
const MOST_LAG_MS = 60_000

export interface ReadParts {
  readonly engine: 'embedded' | 'external'
  readonly url: () => string
  readonly setting: AddressSetting
  readonly pools: Pools
  makePool(options: PoolOptions): Pool
  /** On the server of `url`. */
  readonly control: ControlConnection
  /** Of the database, for people. */
  readonly place: string
  readonly recover?: (() => Promise<void>) | undefined
  readonly capabilities: Capabilities
  /** Statements for each new connection. */
  readonly setup: readonly string[]
  /** Connections for reads of users. */
  readonly max: number
  readonly clock: DatabaseClock
  readonly knownCalendars?: readonly Calendar[] | undefined
  readonly sql: SqlReader
  /** Refuses connections to a server that is not the right one. */
  readonly admit?: (client: ClientBase) => Promise<void>
  close(): Promise<void>
}

/** The reading half of a store over its own pools. No connection is made before something is read. */
export function readStore(parts: ReadParts): ReadStore {
  const { engine, url, setting, pools, makePool, control, place, recover, setup, max, clock, capabilities, sql, admit } = parts
  const connect: ConnectOptions = { ...(recover && { recover }), troubles: new Troubles(control, place) }
  const options = {
    max,
    readOnly: true,
    setting,
    called: setting === 'DATABASE_URL' ? 'the database' : `the read replica (${setting})`,
    ...(admit && { admit }),
  }
  const readers = makePool({ ...options, setup: [READ_LIMITS, ...setup].join('; ') })
  const pool = makePool({ ...options, setup: [READ_LIMITS, ...setup].join('; ') })
  const reader = new Reader(readers, connect)
  const unreadable = new UnreadableRows()
  const calendars = new StoredCalendars((statement) => reader.rows(statement), parts.knownCalendars)
  const coverage = async () => Coverage.forReading(pool, parts.knownCalendars)
  const state = () => withClient(pool, (client) => replicaState(client), connect)
  const close = parts.close
  return {
    engine,
    get url() {
      return url()
    },
    capabilities,
    clock,
    calendars,
    pool,
    pools,
    dsl: new MarketReads(readers, { connect, unreadable, calendars, numbers: coverage }),
    sql,
    coverage,
    statistics: async () => {
      const layout = (await storedChoice(pool)) ?? { layout: 'plain' as const, reason: 'nothing is stored of the choice' }
      const rollups = new Rollups(pool, capabilities, layout.layout, connect)
      const timescale = { policies: new Policies(pool, capabilities, connect) }
      return storeStatistics({ pool, capabilities, layout, rollups, timescale })
    },
    replica: state,
    check: () => checkReads(state, readers),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Reads on the way of readers, and says how old the answers are. */
async function checkReads(state: () => Promise<ReplicaState>, readers: Pool): Promise<CheckResult> {
  const table = (allTables[0] as { readonly name: string }).name
  try {
    const { replica, lagMs } = await withTimeout(PATIENCE_MS, 'reading', async () => {
      await withClient(readers, (client) => client.query(`select from ${table} limit 1`))
      return state()
    })
    if (!replica) return { ok: true, summary: 'reads are answered; it is no replica, but takes writes itself' }
    if (lagMs === undefined)
      return { ok: true, summary: 'reads are answered by a replica, which does not tell how far it is behind' }
    const seconds = lagMs / 1000
    const details = { lag_seconds: seconds }
    const summary = `reads are answered by a replica, ${seconds.toFixed(1)} s behind the primary`
    if (lagMs <= MOST_LAG_MS) return { ok: true, summary, details }
    const remedy =
      'see whether the replica still gets what the primary writes (pg_stat_replication there), and whether long queries hold it up'
    return { ok: false, degraded: true, summary, remedy, details }
  } catch (thrown) {
    const error = toQiError(thrown)
    return { ok: false, summary: `reads cannot be answered: ${error.message}`, error }
  }
}

/**
 * @throws QiError UNAVAILABLE where a migration is missing, CONFLICT where the database is newer than this program, FORBIDDEN where the role
 * may not read
 */
export async function requireSetUp(client: Pick<Pool, 'query'>, setting: AddressSetting): Promise<void> {
  const components = await pendingMigrations(client).catch((error: unknown) => {
    if (stateOf(error) !== '42501') throw error
    const message = `the role of ${setting} may not read the store: grant select on all tables in schema public to that role`
    throw new QiError('FORBIDDEN', message, { cause: error, advised: true })
  })
  const missing = components.flatMap(({ component, pending }) => pending.map(({ name }) => `${component} ${name}`))
  if (missing.length > 0) throw notSetUp(`${setting} lacks ${missing.join(', ')}`)
}

export const notSetUp = (what: string): QiError =>
  new QiError('UNAVAILABLE', `the store is not set up (${what}): start the platform on DATABASE_URL once`, {
    advised: true,
    retryable: false,
  })

/** The number of a system, which its replicas share, and of the database in it; undefined where the role may not read it. */
const IDENTITY = `select system_identifier::text || '/' || (select oid from pg_database where datname = current_database()) as identity
  from pg_control_system()`

export async function identityOf(client: Pick<Pool, 'query'>): Promise<string | undefined> {
  const { rows } = await client.query<{ identity: string }>(IDENTITY).catch((error: unknown) => {
    if (stateOf(error) === '42501') return { rows: [] }
    throw error
  })
  return rows[0]?.identity
}

/** @throws QiError CONFIG_INVALID where a read address leads to another database than the store's */
export async function requireSameDatabase(client: ClientBase, own: string | undefined): Promise<void> {
  const found = own === undefined ? undefined : await identityOf(client as unknown as Pool)
  if (found === undefined || found === own) return
  throw refused(
    'DATABASE_READ_URL',
    'DATABASE_READ_URL names another database than DATABASE_URL: name a replica of that server, and the same database on it',
  )
}
