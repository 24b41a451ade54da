import type { ClientBase } from 'pg'
import type { Layout } from '../connections/capabilities.ts'
import { WATCHES } from '../rollups/marks.ts'
import { VIEWS } from '../series/definitions.ts'
import { FIGURE_VIEWS } from '../series/figureViews.ts'
import { REGISTRY_TRIGGERS } from '../series/registry.ts'
import { type AppliedFiles, COLUMN_OF_KIND, type Expected, expectedRelations } from './expected.ts'

/** A difference between a table and the schema that the program expects. */
export interface Drift {
  readonly table: string
  /** Such as `crypto_prices lacks the column market_cap`. */
  readonly what: string
  /** A statement that repairs it, or another step. */
  readonly remedy: string
  /** True if nothing can be stored in the table until then. */
  readonly stopsWriting: boolean
  /** True if a key is missing: ON CONFLICT fails there, and COPY stores rows twice. */
  readonly keyless?: true
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
  readonly uniques: readonly (readonly string[])[]
  readonly indexes: readonly string[]
  readonly constraints: readonly string[]
  readonly triggers: readonly string[]
  readonly applied: AppliedFiles
  readonly layout: Layout | null
  readonly rolled: boolean
}

/** The remedy for views and triggers of the registry, which hold no data. */
const AGAIN = 'restart QiCore: it creates the missing parts and counts the series again'

const COLUMNS_OF_INDEX = `(select json_agg(a.attname order by k.place) from unnest(i.indkey) with ordinality as k (attnum, place)
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum)`

/** SQL: reads only the catalogs and the bookkeeping, so that a locked table does not block it. One statement, for a consistent view. */
const LOOK = `select t.name, c.oid is not null as there,
    coalesce((select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod), 'notNull', attnotnull,
      'filled', atthasdef or attidentity <> '' or attgenerated <> '')) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped), '[]') as columns,
    coalesce((select ${COLUMNS_OF_INDEX} from pg_index i where i.indrelid = c.oid and i.indisprimary), '[]') as key,
    coalesce((select json_agg(${COLUMNS_OF_INDEX}) from pg_index i
      where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null), '[]') as uniques,
    coalesce((select json_agg(r.relname) from pg_index i join pg_class r on r.oid = i.indexrelid where i.indrelid = c.oid and i.indisvalid), '[]') as indexes,
    coalesce((select json_agg(conname) from pg_constraint where conrelid = c.oid), '[]') as constraints,
    coalesce((select json_agg(tgname) from pg_trigger where tgrelid = c.oid and tgenabled <> 'D'), '[]') as triggers,
    (select json_object_agg(component, files) from (select component, count(*) as files from qicore_migrations group by component) as a) as applied,
    (select value from qicore_settings where name = 'layout') as layout,
    exists (select from qicore_settings where name = 'rollups') as rolled
  from unnest($1::text[]) with ordinality as t (name, place) left join pg_class c on c.oid = to_regclass(t.name) order by t.place`

/** The differences between the relations of a store and the expected ones. Additional columns, indexes and constraints are fine. */
export async function schemaDrift(client: Pick<ClientBase, 'query'>): Promise<readonly Drift[]> {
  const names = expectedRelations().map(({ name }) => name)
  const { rows } = await client.query<Found>(LOOK, [names])
  const found = new Map(rows.map((row) => [row.name, row]))
  return expectedRelations(rows[0]?.applied).flatMap((expected) => differences(expected, found.get(expected.name) as Found))
}

function differences(expected: Expected, found: Found): Drift[] {
  const { name: table, kind, sql } = expected
  const drift: MakeDrift = (what, remedy, stopsWriting = true) => ({ table, what, remedy, stopsWriting })
  if (!found.there) {
    const remedy = VIEWS.includes(table) ? AGAIN : `restore it from a backup, or create it empty: ${sql}`
    return [drift(`the ${kind} ${table} is missing`, remedy, !FIGURE_VIEWS.includes(table))]
  }
  return [
    ...columnDrift(expected, found, drift),
    ...keyDrift(expected, found, drift),
    ...uniqueDrift(expected, found, drift),
    ...expected.constraints.flatMap((constraint) =>
      found.constraints.includes(constraint.name)
        ? []
        : [drift(`${table} lacks the constraint ${constraint.name}`, constraint.sql, false)],
    ),
    ...triggerDrift(expected, found, drift),
  ]
}

type MakeDrift = (what: string, remedy: string, stopsWriting?: boolean) => Drift

function columnDrift({ name: table, spec }: Expected, { columns }: Found, drift: MakeDrift): Drift[] {
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
      return [drift(`the column ${table}.${name} must have a value, but a record may lack it`, `${alter} drop not null`)]
    if (!column.notNull && !optional)
      return [drift(`the column ${table}.${name} may be empty, but readers expect a value`, `${alter} set not null`, false)]
    return []
  })
  const additional = columns.filter(
    ({ name, notNull, filled }) => notNull && !filled && !spec.fields.some((field) => field.name === name),
  )
  return [
    ...ours,
    ...additional.map(({ name }) =>
      drift(
        `the column ${table}.${name} must have a value, but QiCore does not write it`,
        `alter table ${table} alter column ${name} drop not null`,
      ),
    ),
  ]
}

/** A dump of hypertables that was restored without TimescaleDB's own functions lacks their keys. */
const restoring = ({ layout }: Found): string =>
  layout === 'hypertables' ? '; or restore the dump between timescaledb_pre_restore() and timescaledb_post_restore()' : ''

function keyDrift({ name: table, key: wanted }: Expected, found: Found, drift: MakeDrift): Drift[] {
  const { key } = found
  if (wanted.length === 0 || (key.length === wanted.length && wanted.every((column, at) => key[at] === column))) return []
  const add = `add primary key (${wanted.join(', ')})`
  return key.length === 0
    ? [{ ...drift(`${table} has no primary key`, `alter table ${table} ${add}${restoring(found)}`), keyless: true }]
    : [
        drift(
          `the primary key of ${table} is (${key.join(', ')}) instead of (${wanted.join(', ')})`,
          `alter table ${table} drop constraint ${table}_pkey, ${add}`,
        ),
      ]
}

function uniqueDrift({ name: table, uniques, indexes }: Expected, found: Found, drift: MakeDrift): Drift[] {
  const lacking = uniques.filter((columns) => !found.uniques.some((each) => each.join() === columns.join()))
  return [
    ...lacking.map((columns): Drift => {
      const list = `(${columns.join(', ')})`
      const remedy = `alter table ${table} add unique ${list}${restoring(found)}`
      return { ...drift(`${table} lacks the unique constraint on ${list}`, remedy), keyless: true }
    }),
    ...indexes.flatMap((index): Drift[] => {
      if (found.indexes.includes(index.name)) return []
      const lost = drift(`${table} lacks the index ${index.name}`, index.sql, index.unique)
      return [index.unique ? { ...lost, keyless: true } : lost]
    }),
  ]
}

/** Missing triggers. Writes work without them, but the registry of series and the rollups are no longer kept up to date. */
function triggerDrift({ name: table }: Expected, { rolled, triggers }: Found, drift: MakeDrift): Drift[] {
  const lacks = (trigger: { readonly table: string; readonly name: string }) =>
    trigger.table === table && !triggers.includes(trigger.name)
  return [
    ...REGISTRY_TRIGGERS.filter(lacks).map(({ name }) => drift(`${table} lacks the trigger ${name}`, AGAIN, false)),
    ...(rolled ? WATCHES : [])
      .filter(lacks)
      .map(({ name, sql }) =>
        drift(`${table} lacks the trigger ${name}`, `${sql}; then roll up again the records written since`, false),
      ),
  ]
}
