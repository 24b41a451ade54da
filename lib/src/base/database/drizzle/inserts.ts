import type { Placeholder } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { QiError } from '../../types/index.ts'
import { getTableColumns, sql } from '../orm.ts'
import type { TableSpec } from '../tables.ts'
import { wins } from '../upsert/statements.ts'
import { drizzleTables } from './tables.ts'

/** Stores one row, under the same rule as bulk writes: the greater (is_final, received_at) stays. */
export function prepareInsert(db: NodePgDatabase, spec: TableSpec) {
  const table = drizzleTables.get(spec.name)
  if (!table) throw new QiError('INTERNAL', `no Drizzle table is named ${spec.name}`)
  const columns = getTableColumns(table) as Record<string, PgColumn>
  const values: Record<string, Placeholder> = {}
  const set: Record<string, ReturnType<typeof sql>> = {}
  for (const { name, property } of spec.fields) {
    values[property] = sql.placeholder(property)
    if (!spec.key.includes(name)) set[property] = sql`excluded.${sql.identifier(name)}`
  }
  const target = spec.key.map((name) => Object.values(columns).find((column) => column.name === name) as PgColumn)
  return db
    .insert(table)
    .values(values as never)
    .onConflictDoUpdate({ target, set: set as never, setWhere: sql.raw(wins(spec, 'excluded', `"${spec.name}"`)) })
    .prepare(`drizzle_insert_${spec.name}`)
}
