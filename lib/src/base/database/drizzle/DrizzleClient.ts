import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { Pool } from '../pool.ts'

/** Typed reads and small writes by Drizzle, on the store's pool. */
export class DrizzleClient {
  /** The Drizzle database itself, for queries that have no verb here. */
  readonly db: NodePgDatabase
  constructor(pool: Pool) {
    this.db = drizzle(pool)
  }
}
