import type { Layout } from '../capabilities.ts'
import { notFuture } from '../future.ts'
import { marketOrder, newestFirst } from '../marketOrder.ts'
import type { PoolClient } from '../pool.ts'
import { type SeriesTable, seriesTables } from '../tables.ts'

/** Columns of the latest row that the registry keeps beside its time, by record type: figures that market queries show, and the order of rows within a moment. */
const FIGURES: Readonly<Record<string, readonly string[]>> = {
  price: ['price', 'market_cap', 'volume_24h', 'change_24h_pct'],
  trade: ['price', 'sequence', 'trade_id'],
  quote: ['sequence'],
}
const latestColumns = ({ series }: SeriesTable): readonly string[] => ['received_at', 'origin', ...(FIGURES[series.type] ?? [])]

/** TimescaleDB compresses no table that has triggers with the deleted rows of a statement: there it is one call a row. */
const triggersOf = (layout: Layout) =>
  [
    { name: 'series_insert', when: 'insert', rows: 'referencing new table as written for each statement', run: 'note' },
    { name: 'series_update', when: 'update', rows: 'referencing new table as written for each statement', run: 'note' },
    layout === 'hypertables'
      ? { name: 'series_delete', when: 'delete', rows: 'for each row', run: 'forget_row' }
      : { name: 'series_delete', when: 'delete', rows: 'referencing old table as gone for each statement', run: 'forget' },
    { name: 'series_truncate', when: 'truncate', rows: 'for each statement', run: 'clear' },
  ] as const

/** The triggers that keep the registry, by table. */
export const REGISTRY_TRIGGERS = seriesTables.flatMap(({ name: table }) =>
  triggersOf('plain').map(({ name }) => ({ table, name })),
)

/** Until they are made again the registry is not kept. */
export async function dropTriggers(client: PoolClient): Promise<void> {
  for (const { table, name } of REGISTRY_TRIGGERS) await client.query(`drop trigger if exists ${name} on ${table}`)
}

/** A session may forbid the plans that suit these statements, or allow others: here a series is always looked up by its number. */
const PLANS = 'set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_indexscan = on'

const setLatest = (table: SeriesTable, row: string): string =>
  latestColumns(table)
    .map((column) => `${column} = ${row}.${column}`)
    .join(', ')

/** SQL: whether a row is no older than the latest one that the registry has; rows of one moment count in the order of the market. */
const isNewer = ({ series }: SeriesTable): string => {
  // As when sorting, a row without a sequence comes after those that have one.
  const place = (row: string) =>
    marketOrder(series.view, row)
      .map((term) => (term.endsWith('.sequence') ? `coalesce(${term}, 9223372036854775807)` : term))
      .join(', ')
  return `s.last is null or (${place('w')}) >= (${place('s').replace('s.time', 's.last')})`
}

/** SQL that sets the registry's columns of a series `s` from its records. @param which of them count; default all */
const counted = (table: SeriesTable, which = 'true'): string => {
  const { name, series } = table
  const latest = latestColumns(table)
  return `${countedFirst(table, which)},
    (${['last', ...latest].join(', ')}) = (select ${['time', ...latest].map((column) => `r.${column}`).join(', ')} from ${name} as r
      where r.series = s.id and ${which} and ${notFuture('r.time')} order by ${newestFirst(series.view, 'r')} limit 1)`
}

const countedFirst = ({ name }: SeriesTable, which = 'true'): string =>
  `written = pg_current_xact_id(), first = (select r.time from ${name} as r where r.series = s.id and ${which} order by r.time limit 1)`

/** SQL that counts the series of a table anew, whose triggers may have missed something. */
export const recount = (table: SeriesTable): string =>
  `update series as s set ${counted(table)}, revised = pg_current_xact_id() where s.type = '${table.series.type}'`

/**
 * SQL that counts anew for rows before a time that went without a trigger: dropped chunks. Of most series the first record alone is
 * another; those that ended before that time may have some left in the chunk that it lies in, and in no other.
 */
export const recountBefore = (table: SeriesTable, before: string): readonly string[] => {
  const some = `update series as s set`
  const which = `s.type = '${table.series.type}' and s.first < ${before}`
  return [
    `${some} ${counted(table, `r.time < ${before}`)} where ${which} and s.last < ${before}`,
    `${some} ${countedFirst(table)} where ${which} and (s.last is null or s.last >= ${before})`,
  ]
}

/**
 * Triggers that keep the registry: whatever writes into a table, by any way, is noted within the same transaction. Each statement
 * touches the row of a series once, in the order of numbers, so that two writers that meet wait for one another instead of deadlocking.
 */
export const keepRegistry = (table: SeriesTable, layout: Layout): string => {
  const { name, series } = table
  const latest = latestColumns(table)
  const nulls = ['first', 'last', ...latest].map((column) => `${column} = null`).join(', ')
  const isLate = 'w.newest < s.last or w.first < s.last_before'
  return `
create or replace function ${name}_note() returns trigger language plpgsql ${PLANS} as $$ begin
  update series as s set first = coalesce(s.first, w.time), last = w.time, last_before = s.last, ${setLatest(table, 'w')}, written = pg_current_xact_id()
  from (select distinct on (series) series, time, ${latest.join(', ')} from written
    where ${notFuture('time')} order by series, ${newestFirst(series.view)}) as w
  where s.id = w.series and (${isNewer(table)});
  update series as s set first = least(s.first, w.first), written = pg_current_xact_id(),
    revised = case when ${isLate} then pg_current_xact_id() else s.revised end
  from (select series, min(time) as first, max(time) filter (where ${notFuture('time')}) as newest from written group by series order by series) as w
  where s.id = w.series and (s.written is distinct from pg_current_xact_id() or s.first is null or w.first < s.first or ${isLate});
  return null;
end $$;
create or replace function ${name}_forget() returns trigger language plpgsql ${PLANS} as $$ begin
  update series as s set ${counted(table)}
  from (select series, min(time) as first, max(time) as last from gone group by series order by series) as g
  where s.id = g.series and (g.first <= s.first or g.last >= s.last);
  return null;
end $$;
create or replace function ${name}_forget_row() returns trigger language plpgsql ${PLANS} as $$ begin
  -- Preparing to look through the chunks costs more than all else: only for the few rows at an end of their series.
  perform from series as s where s.id = old.series and (old.time <= s.first or old.time >= s.last);
  if found then
    update series as s set ${counted(table)} where s.id = old.series;
  end if;
  return null;
end $$;
create or replace function ${name}_clear() returns trigger language plpgsql as $$ begin
  update series set ${nulls}, written = pg_current_xact_id() where type = '${series.type}' and first is not null;
  return null;
end $$;
${triggersOf(layout)
  .map(
    ({ name: trigger, when, rows, run }) => `drop trigger if exists ${trigger} on ${name};
create trigger ${trigger} after ${when} on ${name} ${rows} execute function ${name}_${run}();`,
  )
  .join('\n')}
`
}
