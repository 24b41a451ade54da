import { ArrivalOrder, silentLogger } from '../../types/index.ts'
import { storedChoice } from '../bookkeeping/storedLayout.ts'
import type { LayoutChoice } from '../connections/capabilities.ts'
import { checkServer } from '../connections/checkServer.ts'
import { DatabaseClock, databaseTime } from '../connections/DatabaseClock.ts'
import { type Pool, type PoolOptions, withClient } from '../connections/pool.ts'
import { replicaState } from '../connections/replicaState.ts'
import { Coverage } from '../coverage/index.ts'
import { DrizzleClient } from '../drizzle/DrizzleClient.ts'
import { CryptoFinancialDSL } from '../dsl/CryptoFinancialDSL.ts'
import { StoredCalendars } from '../dsl/StoredCalendars.ts'
import type { EmbeddedPostgres } from '../embedded/types.ts'
import { migrateStore } from '../migrations/index.ts'
import { refusePending } from '../migrations/refusePending.ts'
import { RowReader } from '../reading/RowReader.ts'
import { UnreadableRows } from '../reading/UnreadableRows.ts'
import { SqlAccess } from '../readOnly/SqlAccess.ts'
import { SqlReader } from '../readOnly/SqlReader.ts'
import { SHARDS } from '../rollups/marks.ts'
import { Rollups } from '../rollups/Rollups.ts'
import { storeStatistics } from '../statistics/storeStatistics.ts'
import { describeLayout, type FoundLayout } from '../timescale/layout.ts'
import { TimescaleClient } from '../timescale/TimescaleClient.ts'
import { checkStore } from '../trouble/checkStore.ts'
import { Troubles } from '../trouble/Troubles.ts'
import type { StoreTrouble } from '../trouble/timescaleTroubles.ts'
import { beginOpening, type Opening } from './opening.ts'
import { openReads } from './openReads.ts'
import { openReplica } from './openReplica.ts'
import { READ_LIMITS, type ReadStore } from './readStore.ts'
import { openWithRetries, planSettings, type StoreConfig } from './storeConfig.ts'

/** The store of a platform: one database, connected and migrated. */
export interface Store extends ReadStore {
  /** For the platform's own statements. Reads of users go through `reads.dsl`, whose pool has time limits. */
  readonly pool: Pool
  readonly timescale: TimescaleClient
  /** Layout of the tables, with the reason for it. */
  readonly layout: LayoutChoice
  readonly drizzle: DrizzleClient
  readonly dsl: CryptoFinancialDSL
  /** Keeps bars of 1m to 1d of the stored records. */
  readonly rollups: Rollups
  /** For reads of users: at the read address if one is configured, else this store itself. */
  readonly reads: ReadStore
  /** Database access for people and their programs. */
  readonly access: SqlAccess
  /** The embedded server, if it is used. */
  readonly embedded?: EmbeddedPostgres
  /** Creates another pool on the same database; it follows the server's address and is closed with the store. */
  createPool(options?: PoolOptions): Pool
  /** All problems of the tables and of TimescaleDB's jobs; check() lists the first few. @throws QiError */
  troubles(): Promise<readonly StoreTrouble[]>
}

/** Longest wait of the platform's statements for a lock. */
const LOCK_LIMIT = 'set lock_timeout = 5000'

/**
 * Opens a store: starts the embedded server if no URL is given, connects (with retries while a server starts or recovers) and migrates.
 *
 * With `mode: 'read'` it writes nothing, not even a migration, so it works on a replica and for a role with `select` alone. It uses the
 * read address if one is given.
 * @throws QiError UNAVAILABLE, UNAUTHORIZED, NOT_FOUND (no such database), CONFLICT (the database is newer than this program),
 * CONFIG_INVALID (a replica that should be written, a pooler that loses session state, a layout that contradicts the stored one),
 * UNSUPPORTED (hypertables without TimescaleDB), StoreNotMigrated
 */
export function openStore(config: StoreConfig & { readonly mode: 'read' }): Promise<ReadStore>
export function openStore(config: StoreConfig): Promise<Store>
export async function openStore({ mode, ...config }: StoreConfig & { readonly mode?: 'read' }): Promise<ReadStore> {
  if (mode === 'read') return openReads(config)
  const opening = await beginOpening(config, config.databaseUrl || undefined)
  try {
    return await openAll(config, opening)
  } catch (error) {
    await opening.close().catch(() => {})
    throw error
  }
}

async function openAll(config: StoreConfig, opening: Opening): Promise<Store> {
  const { engine, embedded, url, pools, control, recover, makePool, close } = opening
  const troubles = new Troubles(control, opening.place)
  const connect = { ...(recover && { recover }), troubles }
  const clock = new DatabaseClock(() => databaseTime(pool))
  const calendars = new StoredCalendars((statement) => asking.rows(statement), config.calendars)
  const trial = config.migrations === 'refuse'
  const options = { ...config, ...connect, now: clock.now, calendars, trial }
  const client = await openWithRetries(config, async () => {
    if (!embedded) await checkServer(url(), 'DATABASE_URL', true)
    return TimescaleClient.open({ ...options, url: url() })
  })
  const { capabilities } = client
  opening.onMoved((to) => client.repoint(to))
  opening.onClose(() => client.close())
  const max = config.readers ?? 10
  const plans = planSettings(capabilities)
  const pool = makePool({ max, setup: [LOCK_LIMIT, ...plans].join('; ') })
  const readers = makePool({ max, setup: [READ_LIMITS, ...plans].join('; ') })
  const asking = new RowReader(readers, connect)
  const coverage = () => Coverage.open(pool, config.calendars)
  if (trial) await refusePending(pool, client, config.components)
  const layout = trial ? client.layout : await migrated(pool, client.layout, config)
  if (!trial) await coverage()
  await clock.measure()
  const arrivals = new ArrivalOrder()
  const unreadable = new UnreadableRows()
  const rolling = makePool({ max: SHARDS + 1 })
  const unlimited = config.readerLimits === 'waived'
  const sql = new SqlReader({ url, control, ...(embedded && { server: embedded }), unlimited })
  opening.onClose(() => sql.close())
  const access = new SqlAccess({ url, readUrl: config.readUrl, control, ...(embedded && { server: embedded }) })
  opening.onClose(() => access.close())
  const store: Omit<Store, 'reads'> & { reads?: ReadStore } = {
    engine,
    get url() {
      return url()
    },
    capabilities,
    layout,
    clock,
    calendars,
    pool,
    pools,
    timescale: client,
    drizzle: new DrizzleClient(pool, { now: clock.now, arrivals, calendars }),
    dsl: new CryptoFinancialDSL(readers, client, arrivals, { connect, unreadable, calendars, numbers: coverage }),
    sql,
    access,
    coverage,
    rollups: new Rollups(rolling, capabilities, layout.layout, connect),
    ...(embedded ? { embedded } : {}),
    createPool: makePool,
    statistics: () => storeStatistics(store as Store),
    replica: () => withClient(readers, (reader) => replicaState(reader), connect),
    check: () => checkStore({ client, readers, troubles, unreadable }),
    troubles: () => troubles.all(),
    close,
    [Symbol.asyncDispose]: close,
  }
  const primary = { capabilities, clock, pool }
  store.reads = config.readUrl ? await openReplica(config, config.readUrl, opening, primary) : (store as Store)
  return store as Store
}

/**
 * Migrates, and reports the layout of an external database.
 * @returns the stored layout, since another process may have set the database up meanwhile
 */
async function migrated(
  pool: Pool,
  found: FoundLayout,
  { databaseUrl, logger = silentLogger, onNotice }: StoreConfig,
): Promise<LayoutChoice> {
  const isNew = await migrateStore(pool, found)
  const layout = (await storedChoice(pool)) ?? found
  const told = describeLayout(isNew ? found : layout)
  if (databaseUrl === undefined) return layout
  logger.info({ layout: layout.layout }, told)
  if (isNew) onNotice?.(told)
  return layout
}
