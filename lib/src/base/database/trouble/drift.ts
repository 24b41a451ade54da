import type { ClientBase } from 'pg'
import { COLUMN_OF_KIND, type ExpectedTable, expectedTables } from './expected.ts'

/** A difference between a table and what the program writes and reads there. */
export interface Drift {
  readonly table: string
  /** Such as `crypto_prices lacks the column market_cap`. */
  readonly what: string
  /** A statement that mends it, or what else to do. */
  readonly remedy: string
  /** True if nothing can be stored in that table meanwhile. */
  readonly stopsWriting: boolean
}

interface Found {
  readonly name: string
  readonly there: boolean
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly notNull: boolean
    readonly filled: boolean
  }[]
  readonly key: readonly string[]
  readonly indexes: readonly string[]
  readonly constraints: readonly string[]
}

/** Asks the catalogs alone, so that a table that somebody has locked does not hold it up. */
const LOOK = `select t.name, c.oid is not null as there,
    coalesce((select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod), 'notNull', attnotnull,
      'filled', atthasdef or attidentity <> '' or attgenerated <> '')) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped), '[]') as columns,
    coalesce((select json_agg(a.attname order by k.place) from pg_index i cross join lateral unnest(i.indkey) with ordinality as k (attnum, place)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum where i.indrelid = c.oid and i.indisprimary), '[]') as key,
    coalesce((select json_agg(r.relname) from pg_index i join pg_class r on r.oid = i.indexrelid where i.indrelid = c.oid and i.indisvalid), '[]') as indexes,
    coalesce((select json_agg(conname) from pg_constraint where conrelid = c.oid), '[]') as constraints
  from unnest($1::text[]) with ordinality as t (name, place) left join pg_class c on c.oid = to_regclass(t.name) order by t.place`

/** How the tables of records differ from what the program expects. Columns, indexes and constraints beyond that are nobody's business. */
export async function schemaDrift(client: Pick<ClientBase, 'query'>): Promise<readonly Drift[]> {
  const expected = expectedTables()
  const { rows } = await client.query<Found>(LOOK, [expected.map(({ name }) => name)])
  return rows.flatMap((found, at) => differences(expected[at] as ExpectedTable, found))
}

function differences(expected: ExpectedTable, found: Found): Drift[] {
  const { name: table, sql } = expected
  const drift = (what: string, remedy: string, stopsWriting = true): Drift => ({ table, what, remedy, stopsWriting })
  if (!found.there) return [drift(`the table ${table} is missing`, `restore it from a backup, or make it anew, empty: ${sql}`)]
  return [
    ...columnDrift(expected, found, drift),
    ...keyDrift(expected, found, drift),
    ...expected.indexes.flatMap((index) =>
      found.indexes.includes(index.name) ? [] : [drift(`${table} lacks the index ${index.name}`, index.sql, false)],
    ),
    ...expected.constraints.flatMap((constraint) =>
      found.constraints.includes(constraint.name)
        ? []
        : [drift(`${table} lacks the constraint ${constraint.name}`, constraint.sql, false)],
    ),
  ]
}

type Tell = (what: string, remedy: string, stopsWriting?: boolean) => Drift

function columnDrift({ name: table, spec }: ExpectedTable, { columns }: Found, drift: Tell): Drift[] {
  if (!spec) return []
  const ours = spec.fields.flatMap(({ name, kind, optional }) => {
    const type = COLUMN_OF_KIND[kind]
    const column = columns.find((each) => each.name === name)
    const alter = `alter table ${table} alter column ${name}`
    if (!column) {
      const fill = optional ? '' : `; fill it; ${alter} set not null`
      return [drift(`${table} lacks the column ${name}`, `alter table ${table} add column ${name} ${type}${fill}`)]
    }
    if (column.type !== type)
      return [
        drift(`the column ${table}.${name} is ${column.type} instead of ${type}`, `${alter} type ${type} using ${name}::${type}`),
      ]
    if (column.notNull && optional)
      return [drift(`the column ${table}.${name} must have a value, which a record may lack`, `${alter} drop not null`)]
    if (!column.notNull && !optional)
      return [drift(`the column ${table}.${name} may be empty, which no reader expects`, `${alter} set not null`, false)]
    return []
  })
  const strange = columns.filter(
    ({ name, notNull, filled }) => notNull && !filled && !spec.fields.some((field) => field.name === name),
  )
  return [
    ...ours,
    ...strange.map(({ name }) =>
      drift(
        `the column ${table}.${name}, which QiCore does not write, must have a value`,
        `alter table ${table} alter column ${name} drop not null`,
      ),
    ),
  ]
}

function keyDrift({ name: table, spec }: ExpectedTable, { key }: Found, drift: Tell): Drift[] {
  if (!spec || (key.length === spec.key.length && spec.key.every((column, at) => key[at] === column))) return []
  const add = `add primary key (${spec.key.join(', ')})`
  return key.length === 0
    ? [drift(`${table} has no primary key`, `alter table ${table} ${add}`)]
    : [
        drift(
          `the primary key of ${table} is (${key.join(', ')}) instead of (${spec.key.join(', ')})`,
          `alter table ${table} drop constraint ${table}_pkey, ${add}`,
        ),
      ]
}
