import { setTimeout as sleep } from 'node:timers/promises'
import { Pools } from '../networking/pools.ts'
import {
  ArrivalOrder,
  type Calendar,
  type CheckResult,
  type Logger,
  type QiError,
  type SeriesCalendars,
  silentLogger,
  toQiError,
} from '../types/index.ts'
import type { Capabilities } from './capabilities.ts'
import { ControlConnection } from './control.ts'
import { Coverage } from './coverage/index.ts'
import { DatabaseClock, databaseTime } from './DatabaseClock.ts'
import { DrizzleClient } from './drizzle/DrizzleClient.ts'
import { CryptoFinancialDSL } from './dsl/CryptoFinancialDSL.ts'
import { StoredCalendars } from './dsl/calendars.ts'
import { openEmbeddedPostgres } from './embedded/open.ts'
import type { EmbeddedPostgres } from './embedded/types.ts'
import { migrateStore, storedLayout } from './migrations/index.ts'
import type { Pool, PoolOptions } from './pool.ts'
import { Reader } from './reader.ts'
import { SqlReader } from './readOnly/SqlReader.ts'
import { recognise } from './recognise.ts'
import { Rollups } from './rollups/Rollups.ts'
import { TimescaleClient } from './timescale/TimescaleClient.ts'
import { checkStore } from './trouble/checkStore.ts'
import { Troubles } from './trouble/Troubles.ts'
import { UnreadableRows } from './unreadable.ts'

export interface StoreConfig {
  /** A PostgreSQL (14 or newer) or TimescaleDB; unset starts the embedded server. */
  readonly databaseUrl?: string | undefined
  /** The project's data folder (`.qicore`). */
  readonly home: string
  readonly logger?: Logger
  /** Hears in one line each what takes long or was decided: for people. */
  readonly onNotice?: (notice: string) => void
  /** Connections for reads of users, and as many for what the platform asks itself; default 10. */
  readonly readers?: number
  /** Connections for bulk writes; default 4. */
  readonly writers?: number
  readonly applicationName?: string
  /** `waived` runs SQL from outside also where the server limits no temporary files of its role. Default `required`. */
  readonly readerLimits?: 'required' | 'waived'
  /** The calendars that sources may name; default: all that there are. */
  readonly calendars?: readonly Calendar[]
  /** How long to try to reach the database before giving up, in milliseconds; default 30,000. */
  readonly openTimeoutMs?: number
  readonly signal?: AbortSignal
}

/** The store of a platform: one database, connected and migrated. */
export interface Store extends AsyncDisposable {
  readonly engine: 'embedded' | 'external'
  /** Its address now; holds the password. */
  readonly url: string
  readonly capabilities: Capabilities
  /** The database's clock: records are judged by it, and not by the machine's. */
  readonly clock: DatabaseClock
  /** The trading hours of stored series. */
  readonly calendars: SeriesCalendars
  /** For what the platform keeps and asks itself. Reads of users go by `dsl`, in a pool with limits of time. */
  readonly pool: Pool
  /** Those and every one made by createPool: their sizes and their health. */
  readonly pools: Pools
  readonly timescale: TimescaleClient
  readonly drizzle: DrizzleClient
  readonly dsl: CryptoFinancialDSL
  /** For SQL from outside. */
  readonly sql: SqlReader
  /** Bars of 1m to 1d kept of what is stored. */
  readonly rollups: Rollups
  /** The server, where it is ours. */
  readonly embedded?: EmbeddedPostgres
  /** One more pool on the same database, which follows it when it moves; closed with the store. */
  createPool(options?: PoolOptions): Pool
  /** Exercises the real path. Never throws. */
  check(): Promise<CheckResult>
  close(): Promise<void>
}

/**
 * Over hundreds of chunks planning takes ten times as long as reading. The queries are few and prepared, and find the chunks that
 * they need when they run.
 */
const PLAN_ONCE = 'set plan_cache_mode = force_generic_plan'

/** A read that takes longer is given up, and so is one of a table that somebody has locked; in milliseconds. */
const READ_LIMITS = 'set statement_timeout = 30000; set lock_timeout = 1000'
/** Nothing that the store does waits longer for a lock. */
const LOCK_LIMIT = 'set lock_timeout = 5000'

/**
 * Starts the embedded server where no URL is given, connects (with retries while a server starts or recovers) and migrates.
 * @throws QiError UNAVAILABLE, UNAUTHORIZED, NOT_FOUND (no such database), CONFLICT (the database is newer than this program),
 * CONFIG_INVALID (a replica, or a pooler that loses the state of sessions)
 */
export async function openStore(config: StoreConfig): Promise<Store> {
  const pools = new Pools()
  let timescale: TimescaleClient | undefined
  const repoint = (url: string) => {
    pools.repoint(url)
    timescale?.repoint(url)
  }
  const embedded = config.databaseUrl ? undefined : await openEmbeddedPostgres({ ...config, onMoved: repoint })
  let made = 0
  const closers: (() => Promise<void>)[] = embedded ? [() => embedded.close()] : []
  const close = once(async () => {
    closers.push(() => pools.close())
    for (const step of closers.toReversed()) await step()
  })
  try {
    const url = () => embedded?.url ?? (config.databaseUrl as string)
    const log = config.logger ?? silentLogger
    const makePool = (options: PoolOptions = {}): Pool => {
      const onLost = (error: QiError) => log.debug({ error: error.message }, 'a database connection was lost')
      const { applicationName = config.applicationName ?? 'qicore' } = options
      return pools.open(`${applicationName} ${++made}`, url(), { applicationName, onLost, ...options })
    }
    const recover =
      embedded &&
      (async () => {
        await embedded.ensureRunning()
        repoint(embedded.url)
      })
    const control = new ControlConnection(url)
    closers.push(() => control.close())
    const troubles = new Troubles(control, embedded?.dataFolder ?? placeOf(url()))
    const connect = { ...(recover && { recover }), troubles }
    const clock = new DatabaseClock(() => databaseTime(pool))
    const calendars = new StoredCalendars((statement) => asking.rows(statement), config.calendars)
    const options = { ...config, ...connect, now: clock.now, calendars }
    const client = await reached(config, async () => {
      if (!embedded) await recognise(url(), 'DATABASE_URL', true)
      return TimescaleClient.open({ ...options, url: url() })
    })
    timescale = client
    closers.push(() => client.close())
    const max = config.readers ?? 10
    const plans = client.capabilities.hypertables ? [PLAN_ONCE] : []
    const pool = makePool({ max, setup: [LOCK_LIMIT, ...plans].join('; ') })
    const readers = makePool({ max, setup: [READ_LIMITS, ...plans].join('; ') })
    const asking = new Reader(readers, connect)
    await migrateStore(pool, client.capabilities)
    await clock.measure()
    const arrivals = new ArrivalOrder()
    const unreadable = new UnreadableRows()
    const rolling = makePool({ max: 2 })
    const sql = new SqlReader({
      url,
      control,
      ...(embedded && { server: embedded }),
      unlimited: config.readerLimits === 'waived',
    })
    closers.push(() => sql.close())
    return {
      engine: embedded ? 'embedded' : 'external',
      get url() {
        return url()
      },
      capabilities: client.capabilities,
      clock,
      calendars,
      pool,
      pools,
      timescale: client,
      drizzle: new DrizzleClient(pool, { now: clock.now, arrivals, calendars }),
      dsl: new CryptoFinancialDSL(readers, client, arrivals, {
        connect,
        unreadable,
        calendars,
        numbers: () => Coverage.open(pool, config.calendars),
      }),
      sql,
      rollups: new Rollups(rolling, client.capabilities, await storedLayout(pool), connect),
      ...(embedded ? { embedded } : {}),
      createPool: makePool,
      check: () => checkStore({ client, readers, troubles, unreadable }),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

/** Tries again while the server may still be on its way up. */
async function reached<T>({ openTimeoutMs = 30_000, signal, onNotice }: StoreConfig, open: () => Promise<T>): Promise<T> {
  const until = Date.now() + openTimeoutMs
  for (let pause = 100, told = false; ; pause = Math.min(pause * 2, 3000)) {
    try {
      return await open()
    } catch (error) {
      const failure = toQiError(error)
      if (!failure.retryable || Date.now() + pause > until) throw failure
      if (!told && pause > 400) {
        told = true
        onNotice?.(`waiting for the database: ${failure.message}`)
      }
    }
    await sleep(pause, undefined, signal ? { signal } : {}).catch((error: unknown) => {
      throw toQiError(error)
    })
  }
}

/** Host, port and database: the password is a secret. */
const placeOf = (url: string): string => {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
