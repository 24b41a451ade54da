import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Pool } from '../../lib/src/base/database/index.ts'
import * as schema from '../../lib/src/base/database/schema/index.ts'
import { getTableColumns, getTableConfig, getTableName } from '../../lib/src/base/database/schema/orm.ts'
import type { TableSpec } from '../../lib/src/base/database/tables/tables.ts'
import { COLUMN_OF_KIND } from '../../lib/src/base/database/trouble/expected.ts'

/** The Drizzle tables by their SQL names. */
export const drizzleTables: ReadonlyMap<string, PgTable> = new Map(
  Object.values(schema).map((table) => [getTableName(table), table as PgTable]),
)

/** The properties of a table that must be equal in the record schema, in Drizzle and in the database. */
export interface Shape {
  /** `name type null|not null`, in order. */
  readonly columns: readonly string[]
  readonly key: readonly string[]
}

const column = (name: string, type: string, nullable: boolean): string => `${name} ${type} ${nullable ? 'null' : 'not null'}`

export const shapeOfSpec = (spec: TableSpec): Shape => ({
  columns: spec.fields.map((field) => column(field.name, COLUMN_OF_KIND[field.kind], field.optional)),
  key: spec.key,
})

export function shapeOfDrizzle(table: PgTable): Shape {
  const columns = Object.values(getTableColumns(table) as Record<string, PgColumn>)
  return {
    columns: columns.map((one) => column(one.name, one.getSQLType(), !one.notNull)),
    key: getTableConfig(table).primaryKeys.flatMap((key) => key.columns.map((one) => one.name)),
  }
}

/** Properties of a Drizzle table that are not the camelCase of their column: records from it would have wrong property names. */
export const misnamed = (spec: TableSpec, table: PgTable): readonly string[] => {
  const properties = new Map(spec.fields.map((field) => [field.name, field.property]))
  return Object.entries(getTableColumns(table) as Record<string, PgColumn>).flatMap(([property, { name }]) =>
    properties.get(name) === property ? [] : [`${getTableName(table)}.${property}`],
  )
}

export async function shapeOfDatabase(pool: Pool, table: string): Promise<Shape> {
  const columns = await pool.query<{ name: string; type: string; nullable: boolean }>(
    `select attname as name, format_type(atttypid, atttypmod) as type, not attnotnull as nullable from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  )
  const key = await pool.query<{ name: string }>(
    `select a.attname as name from pg_index i cross join lateral unnest(i.indkey) with ordinality as k (attnum, place)
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum where i.indrelid = to_regclass($1) and i.indisprimary order by k.place`,
    [table],
  )
  return { columns: columns.rows.map((row) => column(row.name, row.type, row.nullable)), key: key.rows.map((row) => row.name) }
}
