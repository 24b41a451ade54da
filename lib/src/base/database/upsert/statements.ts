import type { TableSpec } from '../tables/tables.ts'
import { rank } from './rank.ts'

/** The SQL that stores rows of one table. */
export interface Statements {
  /** The table and its columns, for COPY. */
  readonly target: string
  readonly stageTarget: string
  readonly createStage: string
  /** Removes all but the winning row of each key from the stage. */
  readonly deduplicate: string
  /**
   * Adds the staged rows, or overwrites the rows they win against. Returns the counts `added` and `overwritten`. Each row is looked up by
   * its key; there is no join whose plan could suffer from old statistics.
   */
  readonly merge: string
  /** Cheaper statements for batches of one kind (see `Merge`); only for keys of series and time. */
  readonly bySeries: SeriesStatements | undefined
}

/** Statements that look up the keys of a series together, which costs less than one by one. */
export interface SeriesStatements {
  /** Samples staged rows. Returns the counts: `all`, `overwrite` (they win against an existing row), `outdone` (they lose). */
  readonly sample: string
  /** Overwrites the rows that staged rows win against; adds nothing. */
  readonly overwrite: string
  /** Counts the staged rows that lose against an existing row, or equal it. */
  readonly outdone: string
}

const quoted = (name: string): string => `"${name}"`
/** Share of sampled rows: tens out of thousands, from all series. */
const SAMPLE_PERCENT = 0.5
/** Replaces NULL in a comparison; the `is not null` in front of it has decided already. */
const FILLER = {
  text: "''",
  decimal: '0',
  integer: '0',
  float: '0',
  boolean: 'false',
  time: "'epoch'",
  decimals: "'{}'",
} as const

const rankOf = (table: TableSpec, alias: string): string =>
  rank(table.fields, table.key)
    .map(({ name, kind, optional }) => {
      const column = `${alias}.${quoted(name)}`
      return optional ? `${column} is not null, coalesce(${column}, ${FILLER[kind]})` : column
    })
    .join(', ')

/** SQL condition: row `a` wins against row `b`. */
const wins = (table: TableSpec, a: string, b: string): string => `(${rankOf(table, a)}) > (${rankOf(table, b)})`

/**
 * Pairs each staged row `s` with the existing row `t` of its key. For each series, `g` lists the staged times and their ctids in staging
 * order; the index is read once for all times, and width_bucket finds the staged row of each. If rows were not staged in time order the
 * search misses some pairs, which are left out (and the count is incomplete). `greatest(t.time)` equals t.time, but keeps the planner from
 * choosing another join.
 */
function seriesStatements(table: TableSpec, stage: string, set: string): SeriesStatements | undefined {
  const series = table.key.slice(0, -1).map(quoted)
  if (table.key.at(-1) !== 'time' || series.length === 0) return undefined
  const target = `${quoted(table.name)} as t`
  const listed = `(select ${series.join(', ')}, array_agg(time) as times, array_agg(ctid) as places from ${stage} group by ${series.join(', ')}) as g`
  const paired = `${series.map((name) => `t.${name} = g.${name}`).join(' and ')} and t.time = any (g.times)
    and s.ctid = g.places[width_bucket(t.time, g.times)] and s.time = greatest(t.time)`
  const found = `select ${wins(table, 's', 't')} as wins from ${target} where ${table.key.map((name) => `t.${quoted(name)} = s.${quoted(name)}`).join(' and ')} limit 1`
  return {
    sample: `select count(*)::int as all, count(*) filter (where f.wins)::int as overwrite, count(*) filter (where not f.wins)::int as outdone
      from (select * from ${stage} tablesample bernoulli (${SAMPLE_PERCENT}) repeatable (0)) as s left join lateral (${found}) as f on true`,
    overwrite: `update ${target} set ${set} from ${listed}, ${stage} as s where ${paired} and ${wins(table, 's', 't')}`,
    outdone: `select count(*)::int as outdone from ${target}, ${listed}, ${stage} as s where ${paired} and not ${wins(table, 's', 't')}`,
  }
}

/** SQL that upserts one row, unless the existing one wins. $1 to $n are the table's fields in order. */
export function insertOne(table: TableSpec): string {
  const { columns, onConflict } = conflict(table)
  return `insert into ${quoted(table.name)} as t (${columns}) values (${table.fields.map((_, at) => `$${at + 1}`).join(', ')}) ${onConflict}`
}

function conflict(table: TableSpec): { readonly columns: string; readonly own: readonly string[]; readonly onConflict: string } {
  const own = table.fields.filter((field) => !table.key.includes(field.name)).map((field) => quoted(field.name))
  return {
    columns: table.fields.map((field) => quoted(field.name)).join(', '),
    own,
    onConflict: `on conflict (${table.key.map(quoted).join(', ')}) do update set ${own.map((name) => `${name} = excluded.${name}`).join(', ')} where ${wins(table, 'excluded', 't')}`,
  }
}

export function statements(table: TableSpec): Statements {
  const target = quoted(table.name)
  const stage = `pg_temp.${quoted(`stage_${table.name}`)}`
  const { columns, own, onConflict } = conflict(table)
  const keys = table.key.map(quoted).join(', ')
  const best = rank(table.fields, table.key).map((field) => `${quoted(field.name)} desc nulls last`)
  return {
    target: `${target} (${columns})`,
    stageTarget: `${stage} (${columns})`,
    createStage: `create temp table if not exists ${quoted(`stage_${table.name}`)} (like ${target}) on commit delete rows`,
    deduplicate: `delete from ${stage} where ctid = any (array(select ctid from
      (select ctid, row_number() over (partition by ${keys} order by ${best.join(', ')}) as place from ${stage}) as placed where place > 1))`,
    merge: `with merged as (insert into ${target} as t (${columns}) select ${columns} from ${stage} ${onConflict} returning (xmax = 0) as fresh)
      select count(*) filter (where fresh)::int as added, count(*) filter (where not fresh)::int as overwritten from merged`,
    bySeries: seriesStatements(table, stage, own.map((name) => `${name} = s.${name}`).join(', ')),
  }
}
