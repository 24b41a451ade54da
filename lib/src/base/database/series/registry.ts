import type { Layout } from '../connections/capabilities.ts'
import type { PoolClient } from '../connections/pool.ts'
import { marketOrder, newestFirst } from '../tables/marketOrder.ts'
import { notFuture } from '../tables/notFuture.ts'
import { type SeriesTable, seriesTables } from '../tables/tables.ts'

/** Columns of the latest row kept in the registry, by record type: figures for market queries, and the order of rows within a moment. */
const FIGURES: Readonly<Record<string, readonly string[]>> = {
  price: ['price', 'market_cap', 'volume_24h', 'change_24h_pct'],
  trade: ['price', 'sequence', 'trade_id'],
  quote: ['sequence'],
  book: ['sequence'],
}
const latestColumns = ({ series }: SeriesTable): readonly string[] => ['received_at', 'origin', ...(FIGURES[series.type] ?? [])]

/** Registry triggers. TimescaleDB cannot compress a table whose triggers see a statement's deleted rows; there the trigger runs per row. */
const triggersOf = (layout: Layout) =>
  [
    { name: 'series_insert', when: 'insert', rows: 'referencing new table as written for each statement', run: 'note' },
    { name: 'series_update', when: 'update', rows: 'referencing new table as written for each statement', run: 'note' },
    layout === 'hypertables'
      ? { name: 'series_delete', when: 'delete', rows: 'for each row', run: 'forget_row' }
      : { name: 'series_delete', when: 'delete', rows: 'referencing old table as gone for each statement', run: 'forget' },
    { name: 'series_truncate', when: 'truncate', rows: 'for each statement', run: 'clear' },
  ] as const

/** The triggers that maintain the registry, by table. */
export const REGISTRY_TRIGGERS = seriesTables.flatMap(({ name: table }) =>
  triggersOf('plain').map(({ name }) => ({ table, name })),
)

/** Drops the triggers. The registry is not maintained until `define` creates them again. */
export async function dropTriggers(client: PoolClient): Promise<void> {
  for (const { table, name } of REGISTRY_TRIGGERS) await client.query(`drop trigger if exists ${name} on ${table}`)
}

/** Planner settings of the trigger functions, whatever the session has: a series is always looked up by its number. */
const PLANS = 'set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_indexscan = on'

const setLatest = (table: SeriesTable, row: string): string =>
  latestColumns(table)
    .map((column) => `${column} = ${row}.${column}`)
    .join(', ')

/** SQL condition: row `w` is not older than the latest row in the registry; rows of one moment compare in market order. */
const isNewer = ({ series }: SeriesTable): string => {
  // As when sorting: a row without a sequence comes after rows with one.
  const place = (row: string) =>
    marketOrder(series.view, row)
      .map((term) => (term.endsWith('.sequence') ? `coalesce(${term}, 9223372036854775807)` : term))
      .join(', ')
  return `s.last is null or (${place('w')}) >= (${place('s').replace('s.time', 's.last')})`
}

/** SQL that sets the registry's columns of a series `s` from its records. @param which condition on the records; default all */
const counted = (table: SeriesTable, which = 'true'): string => {
  const { name, series } = table
  const latest = latestColumns(table)
  return `${countedFirst(table, which)},
    (${['last', ...latest].join(', ')}) = (select ${['time', ...latest].map((column) => `r.${column}`).join(', ')} from ${name} as r
      where r.series = s.id and ${which} and ${notFuture('r.time')} order by ${newestFirst(series.view, 'r')} limit 1)`
}

const countedFirst = ({ name }: SeriesTable, which = 'true'): string =>
  `written = pg_current_xact_id(), first = (select r.time from ${name} as r where r.series = s.id and ${which} order by r.time limit 1)`

/** SQL that recounts all series of a table, after triggers may have missed writes. */
export const recount = (table: SeriesTable): string =>
  `update series as s set ${counted(table)}, revised = pg_current_xact_id() where s.type = '${table.series.type}'`

/**
 * SQL that recounts after chunks before a time were dropped, which fires no trigger. Most series only have another first record. A series
 * that ended before that time may have rows left in the chunk around it, and in no other.
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
 * SQL of the triggers that maintain the registry for every kind of write, in the writer's transaction. Each statement updates the row of a
 * series once, in the order of numbers, so that concurrent writers wait for each other instead of deadlocking.
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
  update series as s set revised = pg_current_xact_id(), written = pg_current_xact_id()
  from (select distinct series from gone order by series) as g
  -- Once a transaction: a delete through a view is one statement a row, and each version of the registry's row slows the next.
  where s.id = g.series and (s.revised is distinct from pg_current_xact_id() or s.written is distinct from pg_current_xact_id());
  return null;
end $$;
create or replace function ${name}_forget_row() returns trigger language plpgsql ${PLANS} as $$ begin
  -- Preparing to look through the chunks costs more than all else: only for the few rows at an end of their series.
  perform from series as s where s.id = old.series and (old.time <= s.first or old.time >= s.last);
  if found then
    update series as s set ${counted(table)} where s.id = old.series;
  end if;
  update series as s set revised = pg_current_xact_id(), written = pg_current_xact_id()
  where s.id = old.series and s.revised is distinct from pg_current_xact_id();
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
