import { type Pool, seriesCalendar } from '../../../base/database/index.ts'
import { TIMEFRAMES, timeframeMicros, timeframeOrigin } from '../../../base/types/index.ts'
import type { Duplicates, Late } from './report.ts'

const LISTED = 20

/** Bars of markets that close count from the open of a session, so they are left out. $1, $2: the period. $3 to $5: the timeframes, their lengths and the origins of their buckets, in microseconds. */
const MISALIGNED = `select coin_id, source, currency, o.timeframe, count(*)::int as rows
  from ohlcv_data as o join unnest($3::text[], $4::bigint[], $5::bigint[]) as l (timeframe, length, origin) on l.timeframe = o.timeframe
  where time >= $1 and time < $2 and mod((extract(epoch from time) * 1000000)::bigint - l.origin, l.length) <> 0
    and ${seriesCalendar('o')} = '24x7'
  group by 1, 2, 3, 4 order by 5 desc, 1, 2, 3, 4 limit ${LISTED}`
const TWINS = `select coin_id, source, currency, sum(n - 1)::int as rows from (
    select coin_id, source, currency, count(*) as n from trades where time >= $1 and time < $2
    group by coin_id, source, currency, time, price, amount, side having count(*) > 1) as same
  group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit ${LISTED}`

interface Named {
  readonly coin_id: string
  readonly source: string
  readonly currency: string
}

/** Possible duplicates with different keys; repeats with one key are a single row. */
export async function duplicatesOf(pool: Pool, from: string, to: string, series: readonly Named[]): Promise<Duplicates> {
  const lengths = [[...TIMEFRAMES], TIMEFRAMES.map(timeframeMicros), TIMEFRAMES.map(timeframeOrigin)]
  const misaligned = await pool.query<Duplicates['misaligned'][number]>(MISALIGNED, [from, to, ...lengths])
  const twins = await pool.query<Duplicates['twins'][number]>(TWINS, [from, to])
  return { respelled: respelled(series), misaligned: misaligned.rows, twins: twins.rows }
}

/** Series whose names differ only by case. Pure. */
export function respelled(series: readonly Named[]): Named[][] {
  const distinct = new Map(
    series.map(({ coin_id, source, currency }) => [JSON.stringify([coin_id, source, currency]), { coin_id, source, currency }]),
  )
  return [
    ...Map.groupBy(distinct.values(), ({ coin_id, source, currency }) =>
      JSON.stringify([coin_id, source, currency]).toLowerCase(),
    ).values(),
  ]
    .filter((same) => same.length > 1)
    .slice(0, LISTED)
}

const TIMED = ['crypto_prices', 'trades', 'quotes', 'books'] as const

/** Delays of live rows, from their time to their arrival. */
export async function lateOf(pool: Pool, from: string, to: string): Promise<Late[]> {
  const found = await Promise.all(
    TIMED.map(async (table): Promise<Late> => {
      const { rows } = await pool.query<Omit<Late, 'table'>>(
        `select count(*)::int as rows, coalesce(percentile_cont(0.5) within group (order by late), 0)::float8 as p50_seconds,
           coalesce(percentile_cont(0.95) within group (order by late), 0)::float8 as p95_seconds, coalesce(max(late), 0)::float8 as most_seconds
         from (select extract(epoch from received_at - time) as late from ${table}
           where time >= $1 and time < $2 and origin = 'live') as r`,
        [from, to],
      )
      return { table, ...(rows[0] as Omit<Late, 'table'>) }
    }),
  )
  return found.filter(({ rows }) => rows > 0)
}
