import { createHash } from 'node:crypto'
import type { Layout } from '../connections/capabilities.ts'
import type { PoolClient } from '../connections/pool.ts'
import { type Level, lengthOf, orderOf } from '../rollups/levels.ts'
import { shardOf } from '../rollups/marks.ts'
import { seriesTables } from '../tables/tables.ts'
import { FIGURE_VIEWS, makeFigureViews } from './figureViews.ts'
import { keepRegistry, REGISTRY_TRIGGERS, recount } from './registry.ts'
import { makeView, numbersStay, seriesNumber } from './views.ts'

/** SQL of a trigger function that marks the written ranges for the rollups, in the writer's transaction: a visible mark means visible rows. */
const mark = (name: string, kind: string, level: Level, rows: string): string => `
create or replace function ${name}() returns trigger language plpgsql as $$ begin
  insert into rollup_marks (shard, built_from, level, since, until, series)
  select ${shardOf('series')}, ${kind}, ${orderOf(level)}, since, until, array_agg(series) from (
    select series, date_bin(${lengthOf(level)}, min(time), 'epoch') as since,
      date_bin(${lengthOf(level)}, max(time), 'epoch') + ${lengthOf(level)} as until
    from written ${rows} group by series, date_bin('1 day', time, 'epoch')) as w
  group by 1, since, until;
  return null;
end $$;
`
const marks =
  mark('rollup_mark', 'tg_argv[0]', '1m', '') + mark('rollup_mark_candles', "'candles'", '5m', "where timeframe = '1m'")

/** SQL of functions, triggers and views. They hold no data, and are replaced when this program's version of them differs. */
export const definitionsOf = (layout: Layout): string =>
  [
    seriesNumber,
    numbersStay,
    marks,
    ...seriesTables.map((table) => `${keepRegistry(table, layout)}${makeView(table)}`),
    makeFigureViews(),
  ].join('')

/** Views that show records with the names of their series. */
export const VIEWS: readonly string[] = [...seriesTables.map(({ series }) => series.view), ...FIGURE_VIEWS]

/** SQL: a row if all definitions exist, enabled and of this version. */
const THERE = `select from qicore_settings where name = 'series_definitions' and value = $1
  and not exists (select from unnest($2::text[]) as v where to_regclass(v) is null)
  and not exists (select from unnest($3::text[], $4::text[]) as t (relation, name) where not exists (
    select from pg_trigger as g where g.tgrelid = to_regclass(t.relation) and g.tgname = t.name and g.tgenabled <> 'D'))`

/**
 * Replaces all definitions if one is missing, disabled or of another version. Then recounts the series, since the registry may have missed
 * writes.
 */
export async function define(client: PoolClient, layout: Layout): Promise<void> {
  const triggers = [REGISTRY_TRIGGERS.map(({ table }) => table), REGISTRY_TRIGGERS.map(({ name }) => name)]
  const definitions = definitionsOf(layout)
  const version = createHash('sha256').update(definitions).digest('hex')
  const { rowCount } = await client.query(THERE, [version, VIEWS, ...triggers])
  if (rowCount) return
  await client.query(definitions)
  for (const table of seriesTables) await client.query(recount(table))
  await client.query(
    "insert into qicore_settings values ('series_definitions', $1) on conflict (name) do update set value = excluded.value",
    [version],
  )
}
