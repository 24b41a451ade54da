import type { PoolClient } from '../pool.ts'
import { COMPOSED, FIGURE_COLUMNS, FIGURES } from './figures.ts'
import { finerLevel, type Level, lengthOf, lowestOf, RAW, type Rolled } from './levels.ts'
import type { Stretch } from './stretches.ts'

const list = (alias: string): string => FIGURE_COLUMNS.map((column) => `${alias}.${column}`).join(', ')

/** The source of the bars of a level: the records, or the bars of the level below. */
const below = (rolled: Rolled, level: Level) =>
  level === lowestOf(rolled)
    ? { table: RAW[rolled].table, figures: FIGURES[rolled], rows: RAW[rolled].rows }
    : { table: 'rollups', figures: COMPOSED, rows: `and o.timeframe = '${finerLevel(level)}'` }

/**
 * $1–$3 stretches in whole bars of the level: series, from, to in seconds. Bars that come out as they are stored are not written
 * again.
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

/** Makes the bars of a level in the stretches again. @returns bars written */
export async function build(client: PoolClient, rolled: Rolled, level: Level, stretches: readonly Stretch[]): Promise<number> {
  const values = [stretches.map(({ series }) => series), stretches.map(({ from }) => from), stretches.map(({ to }) => to)]
  return (await client.query(statement(rolled, level), values)).rowCount ?? 0
}
