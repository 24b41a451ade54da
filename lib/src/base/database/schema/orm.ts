import { createRequire } from 'node:module'

/** Drizzle, loaded as CommonJS: its ES modules import each other in circles, which costs Node's loader 180 MB and 0.3 s per start. */
const load = createRequire(import.meta.url)
const core = load('drizzle-orm') as typeof import('drizzle-orm')
const pg = load('drizzle-orm/pg-core') as typeof import('drizzle-orm/pg-core')

export const { and, asc, desc, eq, getTableColumns, getTableName, gte, lt, sql } = core
export const { customType, getTableConfig, index, pgTable, primaryKey } = pg
export const { drizzle } = load('drizzle-orm/node-postgres') as typeof import('drizzle-orm/node-postgres')
