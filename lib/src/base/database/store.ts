import { type CheckResult, type Logger, QiError } from '../types/index.ts'
import type { Capabilities } from './capabilities.ts'
import type { DrizzleClient } from './drizzle/DrizzleClient.ts'
import type { CryptoFinancialDSL } from './dsl/CryptoFinancialDSL.ts'
import type { EmbeddedPostgres } from './embedded/types.ts'
import type { Pool, PoolOptions } from './pool.ts'
import type { TimescaleClient } from './timescale/TimescaleClient.ts'

export interface StoreConfig {
  /** A PostgreSQL or TimescaleDB; unset starts the embedded server. */
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
  readonly timescale: TimescaleClient
  readonly drizzle: DrizzleClient
  readonly dsl: CryptoFinancialDSL
  /** The server, where it is ours. */
  readonly embedded?: EmbeddedPostgres
  /** One more pool on the same database, which follows it when it moves; closed with the store. */
  createPool(options?: PoolOptions): Pool
  /** Exercises the real path. Never throws. */
  check(): Promise<CheckResult>
  close(): Promise<void>
}

/**
 * Starts the embedded server where no URL is given, connects (with retries while a server starts or recovers) and migrates.
 * @throws QiError UNAVAILABLE, UNAUTHORIZED, NOT_FOUND (no such database), CONFLICT (the database is newer than this program)
 */
export async function openStore(_config: StoreConfig): Promise<Store> {
  throw new QiError('UNSUPPORTED', 'not yet')
}
