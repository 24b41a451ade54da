import { setTimeout as sleep } from 'node:timers/promises'
import { Pools } from '../networking/pools.ts'
import { type CheckResult, type Logger, type QiError, silentLogger, toQiError } from '../types/index.ts'
import type { Capabilities } from './capabilities.ts'
import { ControlConnection } from './control.ts'
import { DrizzleClient } from './drizzle/DrizzleClient.ts'
import { CryptoFinancialDSL } from './dsl/CryptoFinancialDSL.ts'
import { openEmbeddedPostgres } from './embedded/open.ts'
import type { EmbeddedPostgres } from './embedded/types.ts'
import { migrateStore, storedLayout } from './migrations/index.ts'
import type { Pool, PoolOptions } from './pool.ts'
import { SqlReader } from './readOnly/SqlReader.ts'
import { Rollups } from './rollups/Rollups.ts'
import { TimescaleClient } from './timescale/TimescaleClient.ts'

export interface StoreConfig {
  /** A PostgreSQL (14 or newer) or TimescaleDB; unset starts the embedded server. */
  readonly databaseUrl?: string | undefined
  /** The project's data folder (`.qicore`). */
  readonly home: string
  readonly logger?: Logger
  /** Hears in one line each what takes long or was decided: for people. */
  readonly onNotice?: (notice: string) => void
  /** Connections for reads; default 10. */
  readonly readers?: number
  /** Connections for bulk writes; default 4. */
  readonly writers?: number
  readonly applicationName?: string
  /** `waived` runs SQL from outside also where the server limits no temporary files of its role. Default `required`. */
  readonly readerLimits?: 'required' | 'waived'
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
  /** For reads. */
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

/**
 * Starts the embedded server where no URL is given, connects (with retries while a server starts or recovers) and migrates.
 * @throws QiError UNAVAILABLE, UNAUTHORIZED, NOT_FOUND (no such database), CONFLICT (the database is newer than this program)
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
    const client = await reached(config, () => TimescaleClient.open({ ...config, url: url(), ...(recover ? { recover } : {}) }))
    timescale = client
    closers.push(() => client.close())
    const pool = makePool({ max: config.readers ?? 10, ...(client.capabilities.hypertables && { setup: PLAN_ONCE }) })
    await migrateStore(pool, client.capabilities)
    const connect = recover ? { recover } : {}
    const rolling = makePool({ max: 2 })
    const control = new ControlConnection(url)
    const sql = new SqlReader({
      url,
      control,
      ...(embedded && { server: embedded }),
      unlimited: config.readerLimits === 'waived',
    })
    closers.push(
      () => control.close(),
      () => sql.close(),
    )
    return {
      engine: embedded ? 'embedded' : 'external',
      get url() {
        return url()
      },
      capabilities: client.capabilities,
      pool,
      pools,
      timescale: client,
      drizzle: new DrizzleClient(pool),
      dsl: new CryptoFinancialDSL(pool, client, connect),
      sql,
      rollups: new Rollups(rolling, client.capabilities, await storedLayout(pool), connect),
      ...(embedded ? { embedded } : {}),
      createPool: makePool,
      check: () => client.check(),
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

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
