import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { Pool } from '../connections/pool.ts'
import { drizzle } from '../schema/orm.ts'

export * as databaseSchema from '../schema/index.ts'

/** The store's pool as a database of Drizzle, for queries that {@link DrizzleClient} has no verb for: `drizzleDatabase(store.pool)`. */
export const drizzleDatabase = (pool: Pool): NodePgDatabase => drizzle(pool)
