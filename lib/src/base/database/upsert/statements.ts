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
   * Adds the staged rows, or overwrites what they win against; answers how many were `added`. Each row is looked up by its key, and
   * there is no join whose plan could go wrong where statistics are old.
   */
  readonly merge: string
}

const quoted = (name: string): string => `"${name}"`
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
export const wins = (table: TableSpec, a: string, b: string): string => `(${rankOf(table, a)}) > (${rankOf(table, b)})`

export function statements(table: TableSpec): Statements {
  const target = quoted(table.name)
  const stage = `pg_temp.${quoted(`stage_${table.name}`)}`
  const columns = table.fields.map((field) => quoted(field.name)).join(', ')
  const keys = table.key.map(quoted).join(', ')
  const own = table.fields.filter((field) => !table.key.includes(field.name)).map((field) => quoted(field.name))
  const best = rank(table).map((field) => `${quoted(field.name)} desc nulls last`)
  const onConflict = `on conflict (${keys}) do update set ${own.map((name) => `${name} = excluded.${name}`).join(', ')} where ${wins(table, 'excluded', 't')}`
  return {
    target: `${target} (${columns})`,
    stageTarget: `${stage} (${columns})`,
    createStage: `create temp table if not exists ${quoted(`stage_${table.name}`)} (like ${target}) on commit delete rows`,
    deduplicate: `delete from ${stage} where ctid = any (array(select ctid from
      (select ctid, row_number() over (partition by ${keys} order by ${best.join(', ')}) as place from ${stage}) as placed where place > 1))`,
    merge: `with merged as (insert into ${target} as t (${columns}) select ${columns} from ${stage} ${onConflict} returning (xmax = 0) as fresh)
      select count(*) filter (where fresh)::int as added from merged`,
  }
}
