import type { PoolClient } from '../connections/pool.ts'
import type { DirtyRange } from './dirtyRanges.ts'
import { COMPOSED, FIGURE_COLUMNS, FIGURES } from './figures.ts'
import { finerLevel, type Level, lengthOf, lowestOf, RAW, type Rolled } from './levels.ts'

const list = (alias: string): string => FIGURE_COLUMNS.map((column) => `${alias}.${column}`).join(', ')

/** Source of the bars of a level: the records, or the bars of the level below. */
const below = (rolled: Rolled, level: Level) =>
  level === lowestOf(rolled)
    ? { table: RAW[rolled].table, figures: FIGURES[rolled], rows: RAW[rolled].rows }
    : { table: 'rollups', figures: COMPOSED, rows: `and o.timeframe = '${finerLevel(level)}'` }

/**
 * Upsert of the bars of a level. $1–$3 are the dirty ranges in whole bars: series, from, to in seconds. Bars that did not change are not
 * written.
 */
function statement(rolled: Rolled, level: Level): string {
  const { table, figures, rows } = below(rolled, level)
  return `insert into rollups as r (series, timeframe, time, ${FIGURE_COLUMNS.join(', ')})
  select d.series, '${level}', b.time, ${list('b')} from unnest($1::bigint[], $2::float8[], $3::float8[]) as d (series, since, until)
  cross join lateral (select date_bin(${lengthOf(level)}, o.time, 'epoch') as time, ${figures} from ${table} as o
    where o.series = d.series ${rows} and o.time >= to_timestamp(d.since) and o.time < to_timestamp(d.until) group by 1) as b
  on conflict (series, timeframe, time) do update
    set ${FIGURE_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}
    where (${list('r')}) is distinct from (${list('excluded')})`
}

/** Rebuilds the bars of a level in the ranges. @returns the number of bars written */
export async function buildBars(
  client: PoolClient,
  rolled: Rolled,
  level: Level,
  ranges: readonly DirtyRange[],
): Promise<number> {
  const values = [ranges.map(({ series }) => series), ranges.map(({ from }) => from), ranges.map(({ to }) => to)]
  return (await client.query(statement(rolled, level), values)).rowCount ?? 0
}
