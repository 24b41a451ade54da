export { ChangeListener, type ChangeListenerOptions } from './ChangeListener.ts'
export {
  type Capabilities,
  detectCapabilities,
  LAYOUT_SETTINGS,
  type Layout,
  type LayoutChoice,
  type LayoutSetting,
} from './capabilities.ts'
export { ControlConnection } from './control.ts'
export * from './coverage/index.ts'
export { DatabaseClock, type LocalClocks } from './DatabaseClock.ts'
export { DrizzleClient, type SeriesOf, type TimeRange } from './drizzle/DrizzleClient.ts'
export { CryptoFinancialDSL } from './dsl/CryptoFinancialDSL.ts'
export { MarketReads } from './dsl/MarketReads.ts'
export * from './dsl/queries.ts'
export { checkQuery, parseQuery, type QueryInput, type QueryOf } from './dsl/query.ts'
export * from './dsl/results.ts'
export { openEmbeddedPostgres } from './embedded/open.ts'
export { makeHome } from './embedded/privateFiles.ts'
export type { EmbeddedOptions, EmbeddedPostgres } from './embedded/types.ts'
export { classifyPgError, isDiskFull, sqlState, stateOf } from './errors.ts'
export { notFuture } from './future.ts'
export { answeredWithin, cutConnections, trackConnection } from './live.ts'
export { type LockKeys, lockKeys } from './lockKeys.ts'
export { newestFirst } from './marketOrder.ts'
export { type MigrateOptions, type MigrationFile, type Migrations, migrate, NotMade, type PendingMigrations } from './migrate.ts'
export { layoutMismatch, migrateStore, pendingMigrations, storedLayout } from './migrations/index.ts'
export { StoreNotMigrated, type Unmigrated } from './migrations/refusePending.ts'
export { type ConnectOptions, createPool, isReadOnly, type Pool, type PoolClient, type PoolOptions, withClient } from './pool.ts'
export * from './readOnly/index.ts'
export type { ReadStore } from './readStore.ts'
export { type ReplicaState, replicaState } from './replica.ts'
export type { RollupPass } from './rollups/passes.ts'
export type { RollupKeeper, RollupStatus, Rollups } from './rollups/Rollups.ts'
export * as databaseSchema from './schema/index.ts'
export { numberOf } from './series/lookup.ts'
export { IDENTIFY, SilenceWatch } from './silence.ts'
export { storedTypes } from './statistics/storedTypes.ts'
export {
  type CompressionStatistics,
  type MeasuredStore,
  type StoreStatistics,
  storeStatistics,
  type TableStatistics,
} from './statistics/storeStatistics.ts'
export { openStore, type Store } from './store.ts'
export type { StoreConfig } from './storeConfig.ts'
export { type Conversion, type ConvertStep, checkConvertible, convertToHypertables } from './timescale/convert.ts'
export { COLUMN_TYPES, type ColumnType, createOwnTable, OWN_TABLES, type OwnTable } from './timescale/custom.ts'
export { TIME_TABLES, type TimeTable } from './timescale/hypertables.ts'
export type { StoreJob } from './timescale/jobs.ts'
export type { Policies, RetentionResult } from './timescale/policies.ts'
export { TimescaleClient, type TimescaleOptions } from './timescale/TimescaleClient.ts'
export type { StoreTrouble } from './trouble/timescaleTroubles.ts'
export type { BulkWrites } from './upsert/BulkWriter.ts'
export * from './wire/index.ts'
