import type { PgTable } from 'drizzle-orm/pg-core'
import { getTableName } from '../orm.ts'
import * as schema from '../schema/index.ts'

/** The Drizzle tables by their names in SQL. */
export const drizzleTables: ReadonlyMap<string, PgTable> = new Map(
  Object.values(schema).map((table) => [getTableName(table), table as PgTable]),
)
