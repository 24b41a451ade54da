export { type Capabilities, detectCapabilities, type Layout } from './capabilities.ts'
export { ControlConnection } from './control.ts'
export * from './coverage/index.ts'
export { DrizzleClient, type SeriesOf, type TimeRange } from './drizzle/DrizzleClient.ts'
export { CryptoFinancialDSL } from './dsl/CryptoFinancialDSL.ts'
export * from './dsl/queries.ts'
export { checkQuery, parseQuery, type QueryInput, type QueryOf } from './dsl/query.ts'
export * from './dsl/results.ts'
export { openEmbeddedPostgres } from './embedded/open.ts'
export type { EmbeddedOptions, EmbeddedPostgres } from './embedded/types.ts'
export { classifyPgError, sqlState } from './errors.ts'
export { cutConnections, trackConnection } from './live.ts'
export { newestFirst } from './marketOrder.ts'
export { type MigrateOptions, type MigrationFile, migrate } from './migrate.ts'
export { layoutMismatch, migrateStore, storedLayout } from './migrations/index.ts'
export { type ConnectOptions, createPool, type Pool, type PoolClient, type PoolOptions, withClient } from './pool.ts'
export * from './readOnly/index.ts'
export type { RollupKeeper, RollupPass, RollupStatus, Rollups } from './rollups/Rollups.ts'
export * as databaseSchema from './schema/index.ts'
export { IDENTIFY, SilenceWatch } from './silence.ts'
export {
  type CompressionStatistics,
  type MeasuredStore,
  type StoreStatistics,
  storeStatistics,
  type TableStatistics,
} from './statistics/storeStatistics.ts'
export { openStore, type Store, type StoreConfig } from './store.ts'
export { COLUMN_TYPES, type ColumnType, createOwnTable, OWN_TABLES, type OwnTable } from './timescale/custom.ts'
export { TIME_TABLES, type TimeTable } from './timescale/hypertables.ts'
export type { Policies, RetentionResult } from './timescale/policies.ts'
export { TimescaleClient, type TimescaleOptions } from './timescale/TimescaleClient.ts'
export type { BulkWrites } from './upsert/BulkWriter.ts'
export * from './wire/index.ts'
