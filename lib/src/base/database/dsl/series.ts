import { parseTime, type Timeframe } from '../../types/index.ts'
import type { RawRow, Reader } from '../reader.ts'
import { byPreference } from './preference.ts'
import type { Series } from './results.ts'

/** A series and the lengths of the candles held of it; empty where only prices are held. */
export interface HeldSeries extends Series {
  readonly timeframes: readonly Timeframe[]
  readonly hasPrices: boolean
}

// $1 coin. The same jumps through the primary keys as in latest.ts.
const HELD = `with recursive c (source, currency, timeframe) as (
  (select source, currency, timeframe from ohlcv_data where coin_id = $1 order by source, currency, timeframe limit 1)
  union all
  select n.* from c cross join lateral (select o.source, o.currency, o.timeframe from ohlcv_data as o
    where o.coin_id = $1 and (o.source, o.currency, o.timeframe) > (c.source, c.currency, c.timeframe)
    order by o.source, o.currency, o.timeframe limit 1) as n),
p (source, currency) as (
  (select source, currency from crypto_prices where coin_id = $1 order by source, currency limit 1)
  union all
  select n.* from p cross join lateral (select q.source, q.currency from crypto_prices as q
    where q.coin_id = $1 and (q.source, q.currency) > (p.source, p.currency) order by q.source, q.currency limit 1) as n)
select c.source, c.currency, c.timeframe, l.time, l.origin from c cross join lateral (select o.time, o.origin from ohlcv_data as o
  where o.coin_id = $1 and o.source = c.source and o.currency = c.currency and o.timeframe = c.timeframe order by o.time desc limit 1) as l
union all
select p.source, p.currency, null, l.time, l.origin from p cross join lateral (select q.time, q.origin from crypto_prices as q
  where q.coin_id = $1 and q.source = p.source and q.currency = p.currency order by q.time desc limit 1) as l`

/** What is held of a coin, the preferred series first. */
export async function heldSeries(reader: Reader, coin: string): Promise<readonly HeldSeries[]> {
  const rows = await reader.rows({ name: 'held_series', text: HELD, values: [coin] })
  const bySeries = Map.groupBy(rows, (row) => `${row.source}:${row.currency}`)
  return [...bySeries.values()].map((parts) => merged(coin, parts)).sort(byPreference)
}

function merged(coinId: string, rows: readonly RawRow[]): HeldSeries {
  const newest = rows
    .map((row) => ({ time: parseTime(row.time as string), simulated: row.origin === 'simulated' }))
    .reduce((a, b) => (b.time > a.time ? b : a))
  return {
    coinId,
    source: rows[0]?.source as string,
    currency: rows[0]?.currency as string,
    simulated: newest.simulated,
    latest: newest.time,
    timeframes: rows.flatMap((row) => (row.timeframe === null ? [] : [row.timeframe as Timeframe])),
    hasPrices: rows.some((row) => row.timeframe === null),
  }
}
