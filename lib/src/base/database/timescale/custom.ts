import { QiError } from '../../types/index.ts'
import type { Layout } from '../capabilities.ts'
import { type Pool, withClient } from '../pool.ts'

/** What a table of the user's own may hold. */
export const COLUMN_TYPES = ['text', 'numeric', 'bigint', 'double precision', 'boolean'] as const
export type ColumnType = (typeof COLUMN_TYPES)[number]

export interface OwnTable {
  /** Its name; lower case letters, digits and underscores. */
  readonly table: string
  /** Beside `time`, which each has. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** Columns that, with `time`, make the primary key. */
  readonly key: readonly string[]
  readonly chunkDays: number
}

/** By its comment a table is known as one that was made here. */
const MARK = 'a time table of its own, made by qicore'

const NAME = /^[a-z][a-z0-9_]{0,62}$/

/** The tables that {@link createOwnTable} made. */
export const OWN_TABLES = `select c.relname as table from pg_class as c
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and obj_description(c.oid, 'pg_class') = '${MARK}' order by 1`

/**
 * A table for the user's own figures over time: a hypertable, or in a plain layout a table with an index of block ranges over
 * time, which serves the same queries.
 * @throws QiError CONFLICT where the name is taken, BAD_REQUEST
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
