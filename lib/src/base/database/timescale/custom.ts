import { QiError } from '../../types/index.ts'
import type { Layout } from '../connections/capabilities.ts'
import { type Pool, withClient } from '../connections/pool.ts'

/** Column types of users' own tables. */
export const COLUMN_TYPES = ['text', 'numeric', 'bigint', 'double precision', 'boolean'] as const
export type ColumnType = (typeof COLUMN_TYPES)[number]

export interface OwnTable {
  /** Name: lower case letters, digits and underscores. */
  readonly table: string
  /** Columns besides `time`, which every table has. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** Columns that form the primary key together with `time`. */
  readonly key: readonly string[]
  readonly chunkDays: number
}

/** Comment that identifies a table created here. */
const MARK = 'a time table of its own, made by qicore'

const NAME = /^[a-z][a-z0-9_]{0,62}$/

/** SQL: the tables created by {@link createOwnTable}. */
export const OWN_TABLES = `select c.relname as table from pg_class as c
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and obj_description(c.oid, 'pg_class') = '${MARK}' order by 1`

/** SQL: the roles that may read these tables. */
const READERS = `select quote_ident(r.rolname) as role from pg_roles as r cross join pg_database as d
  where d.datname = current_database() and r.rolname in ('qicore_reader', 'qicore_reader_' || d.oid, 'qicore_sql_' || d.oid, 'qicore_mcp_' || d.oid)
  and has_table_privilege(r.oid, 'series', 'select')`

/**
 * Creates a table for a user's own figures over time: a hypertable, or in a plain layout a table with a block range index on time.
 * @throws QiError CONFLICT if the name is taken, BAD_REQUEST
 */
export async function createOwnTable(pool: Pool, layout: Layout, own: OwnTable): Promise<'hypertable' | 'plain'> {
  const { table, columns, key, chunkDays } = own
  const names = ['time', ...columns.map(({ name }) => name)]
  for (const name of [table, ...names]) checkName(name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new QiError('BAD_REQUEST', `columns: "${twice}" is there twice`, { field: 'columns' })
  const unknown = key.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new QiError('BAD_REQUEST', `key: "${unknown}" is none of the columns ${names.join(', ')}`, { field: 'key' })
  const primary = [...new Set([...key, 'time'])].map((name) => `"${name}"`)
  const declared = columns.map(({ name, type }) => `"${name}" ${type}${type === 'text' ? ' collate "C"' : ''}`)
  return withClient(pool, async (client) => {
    const { rowCount } = await client.query(
      'select from pg_class where relname = $1 and relnamespace = current_schema()::regnamespace',
      [table],
    )
    if (rowCount) throw new QiError('CONFLICT', `table "${table}" is there already: choose another name`, { field: 'table' })
    await client.query('begin')
    try {
      await client.query(
        `create table "${table}" (time timestamptz not null, ${[...declared, `primary key (${primary})`].join(', ')})`,
      )
      if (layout === 'hypertables')
        await client.query(
          `select create_hypertable($1::regclass, 'time', chunk_time_interval => make_interval(hours => $2), create_default_indexes => false)`,
          [table, Math.round(chunkDays * 24)],
        )
      else await client.query(`create index on "${table}" using brin (time)`)
      const { rows: readers } = await client.query<{ role: string }>(READERS)
      for (const { role } of readers) await client.query(`grant select on "${table}" to ${role}`)
      await client.query(`comment on table "${table}" is '${MARK}'`)
      await client.query('commit')
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
    return layout === 'hypertables' ? 'hypertable' : 'plain'
  })
}

function checkName(name: string): void {
  if (!NAME.test(name))
    throw new QiError(
      'BAD_REQUEST',
      `"${name.slice(0, 60)}" is no name of a table or column: use lower case letters, digits and underscores, such as funding_rates`,
      { field: 'table' },
    )
}
