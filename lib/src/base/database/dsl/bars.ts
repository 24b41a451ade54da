import { formatTime, type Micros, type Timeframe, timeframeMicros, timeframeOrigin } from '../../types/index.ts'
import type { RawRow, Reader, Statement } from '../reader.ts'

/** Whose bars: the four leading columns of both tables. */
export interface SeriesKey {
  readonly coinId: string
  readonly source: string
  readonly currency: string
}

const keyOf = ({ coinId, source, currency }: SeriesKey): string[] => [coinId, source, currency]

/** A bucket's open as SQL: the floor of a time; weeks from Monday. */
const bin = (column: string, length: string, origin: string): string => `date_bin(${length}, ${column}, ${origin})`
const binning = (timeframe: Timeframe): string[] => [
  `${timeframeMicros(timeframe)} microseconds`,
  formatTime(timeframeOrigin(timeframe)),
]

/**
 * The opens of the latest buckets that hold anything, newest first: each step jumps through the primary key to the newest row
 * before the last bucket, so the cost is one index probe a bucket, whatever lies within.
 * $1–$3 the series, $4 the bucket's length, $5 its origin, $6 from, $7 to, $8 how many
 */
function walk(table: string, condition: string): string {
  const newestBefore = (end: string) => `(select ${bin('time', '$4::interval', '$5::timestamptz')} as open from ${table} as r
    where r.coin_id = $1 and r.source = $2 and r.currency = $3 ${condition} and r.time < ${end} and ($6::timestamptz is null or r.time >= $6)
    order by r.time desc limit 1)`
  return `with recursive b (open) as (${newestBefore('$7::timestamptz')}
    union all select n.open from b cross join lateral ${newestBefore('b.open')} as n)
    select open from b limit $8`
}

const WALK_BARS = walk('ohlcv_data', 'and r.timeframe = $9')
const WALK_PRICES = walk('crypto_prices', '')

export interface Range {
  readonly from: Micros | undefined
  readonly to: Micros
  readonly limit: number
}

/** Where buckets of a timeframe hold bars of `held`, or prices when it is undefined; at most the latest `limit`. */
export function bucketsOf(key: SeriesKey, timeframe: Timeframe, held: Timeframe | undefined, range: Range): Statement {
  const from = range.from === undefined ? null : formatTime(range.from)
  const values = [...keyOf(key), ...binning(timeframe), from, formatTime(range.to), range.limit]
  return held
    ? { name: 'walk_bars', text: WALK_BARS, values: [...values, held] }
    : { name: 'walk_prices', text: WALK_PRICES, values }
}

const STORED = `select * from ohlcv_data where coin_id = $1 and source = $2 and currency = $3 and timeframe = $4
  and time < $6 and ($5::timestamptz is null or time >= $5) order by time desc limit $7`

/** The bars that are held as they are. */
export const storedBars = (key: SeriesKey, timeframe: Timeframe, range: Range): Statement => ({
  name: 'stored_bars',
  text: STORED,
  values: [...keyOf(key), timeframe, range.from === undefined ? null : formatTime(range.from), formatTime(range.to), range.limit],
})

/** $1–$3 the series, $4 the bars' timeframe, $5 opens of buckets, $6 their length */
const ROLLUP = `select b.open as bucket, r.* from unnest($5::timestamptz[]) as b (open) cross join lateral (
  select (array_agg(o.open order by o.time))[1] as open, max(o.high) as high, min(o.low) as low,
    (array_agg(o.close order by o.time desc))[1] as close,
    case when count(*) = count(o.volume) then sum(o.volume) end as volume,
    case when count(*) = count(o.trade_count) then sum(o.trade_count) end as trade_count,
    count(*) as bars, bool_and(o.is_final) as final, max(o.received_at) as received_at,
    bool_or(o.origin = 'simulated') as simulated, (array_agg(o.origin order by o.time desc))[1] as origin
  from ohlcv_data as o where o.coin_id = $1 and o.source = $2 and o.currency = $3 and o.timeframe = $4
    and o.time >= b.open and o.time < b.open + $6::interval) as r
where r.bars > 0`

/** Finer bars summed up, for the given buckets. */
export const rolledUp = (key: SeriesKey, timeframe: Timeframe, held: Timeframe, buckets: readonly Micros[]): Statement => ({
  name: 'rolled_up',
  text: ROLLUP,
  values: [...keyOf(key), held, buckets.map(formatTime), `${timeframeMicros(timeframe)} microseconds`],
})

/** $1–$3 the series, $4 opens of buckets, $5 their length */
const FROM_PRICES = `select b.open as bucket, r.* from unnest($4::timestamptz[]) as b (open) cross join lateral (
  select (array_agg(p.price order by p.time))[1] as open, max(p.price) as high, min(p.price) as low,
    (array_agg(p.price order by p.time desc))[1] as close, count(*) as bars, max(p.received_at) as received_at,
    bool_or(p.origin = 'simulated') as simulated, (array_agg(p.origin order by p.time desc))[1] as origin
  from crypto_prices as p where p.coin_id = $1 and p.source = $2 and p.currency = $3
    and p.time >= b.open and p.time < b.open + $5::interval) as r
where r.bars > 0`

/** Candles made of the prices seen in the given buckets; a price says nothing of the volume traded within it. */
export const fromPrices = (key: SeriesKey, timeframe: Timeframe, buckets: readonly Micros[]): Statement => ({
  name: 'from_prices',
  text: FROM_PRICES,
  values: [...keyOf(key), buckets.map(formatTime), `${timeframeMicros(timeframe)} microseconds`],
})

export const readAll = (reader: Reader, statements: readonly Statement[]): Promise<readonly (readonly RawRow[])[]> =>
  Promise.all(statements.map((statement) => reader.rows(statement)))
