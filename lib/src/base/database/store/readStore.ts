import type { ClientBase } from 'pg'
import { withTimeout } from '../../networking/timeout.ts'
import { type Calendar, type CheckResult, QiError, type SeriesCalendars, toQiError } from '../../types/index.ts'
import { storedChoice } from '../bookkeeping/storedLayout.ts'
import type { ControlConnection } from '../connections/ControlConnection.ts'
import type { Capabilities } from '../connections/capabilities.ts'
import { type AddressSetting, addressRefusal } from '../connections/checkServer.ts'
import type { DatabaseClock } from '../connections/DatabaseClock.ts'
import { stateOf } from '../connections/errors.ts'
import type { Pools } from '../connections/Pools.ts'
import { type ConnectOptions, type Pool, type PoolOptions, withClient } from '../connections/pool.ts'
import { type ReplicaState, replicaState } from '../connections/replicaState.ts'
import { Coverage, type CoverageReads } from '../coverage/index.ts'
import { MarketReads } from '../dsl/MarketReads.ts'
import { StoredCalendars } from '../dsl/StoredCalendars.ts'
import { pendingMigrations } from '../migrations/index.ts'
import { RowReader } from '../reading/RowReader.ts'
import { UnreadableRows } from '../reading/UnreadableRows.ts'
import type { SqlReader } from '../readOnly/SqlReader.ts'
import { Rollups } from '../rollups/Rollups.ts'
import { type StoreStatistics, storeStatistics } from '../statistics/storeStatistics.ts'
import { allTables } from '../tables/tables.ts'
import { Policies } from '../timescale/policies.ts'
import { Troubles } from '../trouble/Troubles.ts'

/** The reading half of a store. It never writes, so it works on a replica and for a role with `select` alone. */
export interface ReadStore extends AsyncDisposable {
  readonly engine: 'embedded' | 'external'
  /** The current address; contains the password. */
  readonly url: string
  readonly capabilities: Capabilities
  /** The database's clock, by which records count as future or not. */
  readonly clock: DatabaseClock
  /** The trading hours of stored series. */
  readonly calendars: SeriesCalendars
  readonly pool: Pool
  /** The store's pools, with their sizes and health. */
  readonly pools: Pools
  readonly dsl: MarketReads
  /** Runs SQL of users, in a role that only reads. */
  readonly sql: SqlReader
  /** Stored and missing spans of each series. @throws QiError */
  coverage(): Promise<CoverageReads>
  /** Sizes, chunks, policies and rollups. @throws QiError */
  statistics(): Promise<StoreStatistics>
  /** Reads if the server is a replica, and its lag. @throws QiError */
  replica(): Promise<ReplicaState>
  /** Health check that runs a query through the readers' pool. Never throws. */
  check(): Promise<CheckResult>
  close(): Promise<void>
}

/** Time limits of a read and of its wait for a locked table. */
export const READ_LIMITS = 'set statement_timeout = 30000; set lock_timeout = 1000'

/** Time limit of a health check, in milliseconds; a prober waits four seconds for the whole platform. */
const PATIENCE_MS = 2_500
/** Lag from which on a replica is degraded, in milliseconds: its prices are no longer current. */
const MOST_LAG_MS = 60_000

export interface ReadParts {
  readonly engine: 'embedded' | 'external'
  readonly url: () => string
  readonly setting: AddressSetting
  readonly pools: Pools
  makePool(options: PoolOptions): Pool
  /** A connection to the server of `url`. */
  readonly control: ControlConnection
  /** The database's folder, or host and name, for people. */
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
  /** Refuses connections to the wrong server. */
  readonly admit?: (client: ClientBase) => Promise<void>
  close(): Promise<void>
}

/** Creates the reading half of a store, with pools of its own. The first read makes the first connection. */
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
  const reader = new RowReader(readers, connect)
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
      const layout = (await storedChoice(pool)) ?? { layout: 'plain' as const, reason: 'no layout is stored' }
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

/** Runs a query through the readers' pool, and reports the lag of a replica. */
async function checkReads(state: () => Promise<ReplicaState>, readers: Pool): Promise<CheckResult> {
  const table = (allTables[0] as { readonly name: string }).name
  try {
    const { replica, lagMs } = await withTimeout(PATIENCE_MS, 'reading', async () => {
      await withClient(readers, (client) => client.query(`select from ${table} limit 1`))
      return state()
    })
    if (!replica) return { ok: true, summary: 'reads are answered; the server is a primary, not a replica' }
    if (lagMs === undefined) return { ok: true, summary: 'reads are answered by a replica, which does not report its lag' }
    const seconds = lagMs / 1000
    const details = { lag_seconds: seconds }
    const summary = `reads are answered by a replica with a lag of ${seconds.toFixed(1)} s`
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
 * Requires all migrations of the store.
 * @throws QiError UNAVAILABLE if one is missing, CONFLICT if the database is newer than this program, FORBIDDEN if the role may not read
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

/** Identifies a database: the system identifier, which replicas share, and the database's oid. */
const IDENTITY = `select system_identifier::text || '/' || (select oid from pg_database where datname = current_database()) as identity
  from pg_control_system()`

/** @returns undefined if the role may not read the identity */
export async function databaseIdentity(client: Pick<Pool, 'query'>): Promise<string | undefined> {
  const { rows } = await client.query<{ identity: string }>(IDENTITY).catch((error: unknown) => {
    if (stateOf(error) === '42501') return { rows: [] }
    throw error
  })
  return rows[0]?.identity
}

/** @throws QiError CONFIG_INVALID if a read address leads to another database than the store's */
export async function requireSameDatabase(client: ClientBase, own: string | undefined): Promise<void> {
  const found = own === undefined ? undefined : await databaseIdentity(client as unknown as Pool)
  if (found === undefined || found === own) return
  throw addressRefusal(
    'DATABASE_READ_URL',
    'DATABASE_READ_URL names another database than DATABASE_URL: name a replica of that server, and the same database on it',
  )
}
