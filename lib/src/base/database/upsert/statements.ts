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
  /** Begins a merge. Each staged row is looked up by its key: a plan that joins would read the whole table. */
  readonly begin: string
  /** Whether a staged row has a key that is not there, or wins against the one that is (`work`). */
  readonly probe: string
  /** Overwrites the rows that the staged ones win against. */
  readonly update: string
  /** Adds the staged rows whose key is not there. */
  readonly insert: string
  /** Whether those three take the first and the last time of the rows, which spare a look at chunks of other times. */
  readonly timed: boolean
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
  const timed = table.fields.some(({ name, kind }) => kind === 'time' && name === 'time' && table.key.includes(name))
  /** @param held the alias of the table */
  const sameKey = (held: string) =>
    [
      ...table.key.map((name) => `${held}.${quoted(name)} = s.${quoted(name)}`),
      ...(timed ? [`${held}."time" between $1::timestamptz and $2::timestamptz`] : []),
    ].join(' and ')
  const best = rank(table).map((field) => `${quoted(field.name)} desc nulls last`)
  const onConflict = `on conflict (${keys}) do update set ${own.map((name) => `${name} = excluded.${name}`).join(', ')} where ${wins(table, 'excluded', 't')}`
  return {
    target: `${target} (${columns})`,
    stageTarget: `${stage} (${columns})`,
    createStage: `create temp table if not exists ${quoted(`stage_${table.name}`)} (like ${target}) on commit delete rows`,
    deduplicate: `delete from ${stage} where ctid = any (array(select ctid from
      (select ctid, row_number() over (partition by ${keys} order by ${best.join(', ')}) as place from ${stage}) as placed where place > 1))`,
    begin: 'begin; set local enable_hashjoin = off; set local enable_mergejoin = off',
    probe: `select exists (select from ${stage} as s left join ${target} as t on ${sameKey('t')}
      where t.${quoted(table.key[0] as string)} is null or ${wins(table, 's', 't')}) as work`,
    update: `update ${target} as t set ${own.map((name) => `${name} = s.${name}`).join(', ')} from ${stage} as s
      where ${sameKey('t')} and ${wins(table, 's', 't')}`,
    insert: `insert into ${target} as t (${columns}) select ${columns} from ${stage} as s
      where not exists (select from ${target} as o where ${sameKey('o')}) ${onConflict}`,
    timed,
  }
}
