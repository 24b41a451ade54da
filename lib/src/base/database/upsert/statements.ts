import type { RecordField } from '../../types/index.ts'
import type { TableSpec } from '../tables.ts'

/** The SQL that stores rows of one table. */
export interface Statements {
  /** For COPY: the table and its columns. */
  readonly target: string
  readonly stageTarget: string
  readonly createStage: string
  /** Removes all but the winning row of each key from the stage. */
  readonly deduplicate: string
  /**
   * Adds the staged rows, or overwrites what they win against, and answers how many were `added` and `overwritten`. Each row is
   * looked up by its key, and there is no join whose plan could go wrong where statistics are old.
   */
  readonly merge: string
  /** The same at less cost for rows that are all of one kind, where the key is a series and a time. */
  readonly bySeries: SeriesStatements | undefined
}

/** They look up the keys of a series together, which costs less than one by one. */
export interface SeriesStatements {
  /** Answers of some staged rows how many there are (`all`), how many `overwrite` another, and how many are `outdone`. */
  readonly sample: string
  /** Overwrites what staged rows win against; adds nothing. */
  readonly overwrite: string
  /** Answers how many staged rows are `outdone` by a row that is there, or are that row. */
  readonly outdone: string
}

const quoted = (name: string): string => `"${name}"`
/** Of thousands of rows some tens, from all series. */
const SAMPLE_PERCENT = 0.5
/** What stands for NULL when it is compared; the flag before it has decided by then. */
const FILLER = { text: "''", decimal: '0', integer: '0', float: '0', boolean: 'false', time: "'epoch'" } as const

/**
 * What decides between two rows of one key: `is_final`, then `received_at`, then everything else in the order of declaration,
 * with NULL below any value. Two rows that are equal in all of it are the same row, so the winner never depends on which came
 * first.
 */
function rank(table: TableSpec): readonly RecordField[] {
  const own = table.fields.filter((field) => !table.key.includes(field.name))
  const first = ['is_final', 'received_at'].flatMap((name) => own.filter((field) => field.name === name))
  return [...first, ...own.filter((field) => !first.includes(field))]
}

const rankOf = (table: TableSpec, alias: string): string =>
  rank(table)
    .map(({ name, kind, optional }) => {
      const column = `${alias}.${quoted(name)}`
      return optional ? `${column} is not null, coalesce(${column}, ${FILLER[kind]})` : column
    })
    .join(', ')

/** SQL: whether the row under one alias stays, and not the one under the other. */
const wins = (table: TableSpec, a: string, b: string): string => `(${rankOf(table, a)}) > (${rankOf(table, b)})`

/**
 * Each staged row `s` beside the row `t` of its key: the times of a series (`g`) are read from the index in one go, and lead by their
 * place in the list to the staged row. The list is as the rows were staged. Where they were not in the order of time, a search
 * in it fails: then such a pair is left out. `greatest` of one value is that value; the planner does not see through it, and
 * has no other way than this one.
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

/** Stores one row, $1 to $n in the order of the table's fields; one that wins against it stays. */
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
  const best = rank(table).map((field) => `${quoted(field.name)} desc nulls last`)
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
