export { type LockKeys, lockKeys } from './bookkeeping/lockKeys.ts'
export {
  type MigrateOptions,
  type MigrationFile,
  type Migrations,
  migrate,
  NotMade,
  type PendingMigrations,
} from './bookkeeping/migrate.ts'
export { layoutMismatch, storedLayout } from './bookkeeping/storedLayout.ts'
export { ChangeListener, type ChangeListenerOptions } from './connections/ChangeListener.ts'
export { ControlConnection } from './connections/ControlConnection.ts'
export {
  type Capabilities,
  detectCapabilities,
  LAYOUT_SETTINGS,
  type Layout,
  type LayoutChoice,
  type LayoutSetting,
} from './connections/capabilities.ts'
export { DatabaseClock, type LocalClocks } from './connections/DatabaseClock.ts'
export { classifyPgError, isDiskFull, sqlState, stateOf } from './connections/errors.ts'
export { answeredWithin, cutConnections, trackConnection } from './connections/liveConnections.ts'
export * from './connections/Pools.ts'
export {
  type ConnectOptions,
  createPool,
  isReadOnly,
  type Pool,
  type PoolClient,
  type PoolOptions,
  withClient,
} from './connections/pool.ts'
export { type ReplicaState, replicaState } from './connections/replicaState.ts'
export { IDENTIFY, SilenceWatch } from './connections/SilenceWatch.ts'
export { ARRAY_HEAD } from './copy/decimals.ts'
export { RecordFields } from './copy/scan/RecordFields.ts'
export { RecordScan } from './copy/scan/RecordScan.ts'
export { from2000 } from './copy/scan/time.ts'
export * from './coverage/index.ts'
export { DrizzleClient, type SeriesOf, type TimeRange } from './drizzle/DrizzleClient.ts'
export { CryptoFinancialDSL } from './dsl/CryptoFinancialDSL.ts'
export { MarketReads } from './dsl/MarketReads.ts'
export * from './dsl/query/queries.ts'
export { checkQuery, parseQuery, type QueryInput, type QueryOf } from './dsl/query/query.ts'
export * from './dsl/results.ts'
export { logReturns, pearson, standardDeviation } from './dsl/statistics.ts'
export { readerAddress, runningReaderAddress } from './embedded/address.ts'
export { makeHome } from './embedded/home/privateFiles.ts'
export { openEmbeddedPostgres } from './embedded/open.ts'
export type { EmbeddedOptions, EmbeddedPostgres } from './embedded/types.ts'
export * from './history/index.ts'
export { TIME_TABLES, type TimeTable } from './hypertables/hypertables.ts'
export { migrateStore, pendingMigrations } from './migrations/index.ts'
export { StoreNotMigrated, type Unmigrated } from './migrations/refusePending.ts'
export { networkingMigrations } from './rateLimits/migrations.ts'
export { PostgresRateLimit, type PostgresRateLimitOptions } from './rateLimits/PostgresRateLimit.ts'
export { type KeptLimit, type Penalty, RateLimitLedger } from './rateLimits/RateLimitLedger.ts'
export { sharedRateLimits } from './rateLimits/sharedRateLimits.ts'
export * from './readOnly/index.ts'
export type { RollupPass } from './rollups/passes.ts'
export type { RollupKeeper, RollupStatus, Rollups } from './rollups/Rollups.ts'
export { lastStored } from './series/lastStored.ts'
export { storedTypes } from './statistics/storedTypes.ts'
export { type MeasuredStore, type StoreStatistics, storeStatistics } from './statistics/storeStatistics.ts'
export type { CompressionStatistics, TableStatistics } from './statistics/TableStatistics.ts'
export { openStore, type Store } from './store/openStore.ts'
export type { ReadStore } from './store/readStore.ts'
export type { StoreConfig } from './store/storeConfig.ts'
export { seriesCalendar } from './tables/instrumentCalendar.ts'
export { newestFirst } from './tables/marketOrder.ts'
export { notFuture } from './tables/notFuture.ts'
export { seriesNumberSql } from './tables/seriesLookup.ts'
export { identityOf } from './tables/tables.ts'
export { type Conversion, type ConvertStep, checkConvertible, convertToHypertables } from './timescale/convert.ts'
export { COLUMN_TYPES, type ColumnType, createOwnTable, OWN_TABLES, type OwnTable } from './timescale/custom.ts'
export type { StoreJob } from './timescale/jobs.ts'
export type { Policies, RetentionResult } from './timescale/policies.ts'
export { TimescaleClient, type TimescaleOptions } from './timescale/TimescaleClient.ts'
export type { StoreTrouble } from './trouble/timescaleTroubles.ts'
export type { BulkWrites } from './upsert/BulkWriter.ts'
export { compareRanked, rank } from './upsert/rank.ts'
export * from './wire/index.ts'
