import {
  EARLIEST,
  formatTime,
  type Micros,
  type RecordName,
  type Span,
  type Timeframe,
  timeframeMicros,
} from '../../../types/index.ts'
import type { Statement } from '../../reading/RowReader.ts'
import { barFigures, isClosed, isSound } from '../../rollups/figures.ts'
import { seriesNumberSql } from '../../tables/seriesLookup.ts'
import { rowsTableOf } from '../../tables/tables.ts'
import type { Material, SeriesKey } from '../series.ts'
import { type Bucket, originOf } from './bucket.ts'

/** The latest `limit` candles that open in [from, to). */
export interface CandleRange {
  readonly from: Micros | undefined
  readonly to: Micros
  readonly limit: number
}

const TABLES = { trades: 'trades', prices: 'crypto_prices' } as const
const TYPES: Readonly<Partial<Record<Material, RecordName>>> = { trades: 'trade', prices: 'price' }
/** The parameters of the series in all statements here. */
const NAMES = { coin_id: '$1', source: '$2', currency: '$3' }
export const tableOf = (material: Material): string =>
  material in TABLES ? TABLES[material as keyof typeof TABLES] : 'ohlcv_data'
/** The name of a prepared statement: one for trades, one for prices, one for bars of all timeframes. */
const named = (verb: string, material: Material): string => `${verb}_${material in TABLES ? material : 'bars'}`
const timeframeOf = (material: Material): Timeframe[] => (material in TABLES ? [] : [material as Timeframe])

/** A lower bound as text. Never null: a prepared plan would then read all history before it. */
export const boundText = (from: Micros | undefined): string => formatTime(from ?? EARLIEST)
export const interval = (length: Micros): string => `${length} microseconds`
export const valuesOf = ({ coinId, source, currency }: SeriesKey): string[] => [coinId, source, currency]

/**
 * SQL: the opens of the latest buckets that hold anything, newest first. Each step jumps through the index to the newest row before
 * the last bucket, so a bucket costs one index probe (in a hypertable one for each chunk between $6 and $7), however many rows it holds.
 * $1–$3 the series, $4 the bucket's length, $5 its origin, $6 from, $7 to, $8 how many, $9 the timeframe of bars
 */
function walk(table: string, series: string): string {
  const newestBefore = (end: string) => `(select date_bin($4::interval, time, $5::timestamptz) as open from ${table} as r
    where ${series} and r.time < ${end} and r.time >= $6::timestamptz
    order by r.time desc limit 1)`
  return `with recursive b (open) as (${newestBefore('$7::timestamptz')}
    union all select n.open from b cross join lateral ${newestBefore('b.open')} as n)
    select open from b limit $8`
}

/** The opens of the latest `limit` buckets that hold the material. */
export function bucketsHolding(key: SeriesKey, bucket: Bucket, material: Material, range: CandleRange): Statement {
  const { coinId, source, currency } = key
  const bounds = [boundText(range.from), formatTime(range.to), range.limit]
  return {
    name: named('walk', material),
    text: walk(
      rowsTableOf(tableOf(material)),
      `r.series = ${seriesNumberSql(TYPES[material] ?? 'ohlcv', { ...NAMES, ...(material in TABLES ? {} : { timeframe: '$9' }) })}`,
    ),
    values: [
      coinId,
      source,
      currency,
      interval(bucket.length),
      formatTime(originOf(bucket)),
      ...bounds,
      ...timeframeOf(material),
    ],
  }
}

/** The start of the first span and the end of the last. As constants they exclude chunks once a statement, not once a row. */
const hullOf = (spans: readonly Span[]): readonly [string, string] => [
  formatTime(spans.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY)),
  formatTime(spans.reduce((most, { to }) => Math.max(most, to), Number.NEGATIVE_INFINITY)),
]

const OF_BARS = `o.series = ${seriesNumberSql('ohlcv', { ...NAMES, timeframe: '$6' })} and ${isSound('o', '$8::boolean')}`

/**
 * SQL: buckets built from bars.
 * $1–$3 the series, $4 opens of buckets, $5 their length, $6 the timeframe of bars, $7 its length, $8 true if the market closes at times,
 * $9 the start of the first bucket, $10 the end of the last
 */
const BUILD = `select b.open as bucket, r.* from unnest($4::timestamptz[]) as b (open)
cross join lateral (select ${barFigures('$7::interval', '$8::boolean')} from ohlcv_data_rows as o
  where ${OF_BARS} and o.time >= b.open and o.time < b.open + $5::interval and o.time >= $9::timestamptz and o.time < $10::timestamptz) as r
where r.pieces > 0`

/**
 * The given buckets built from sound bars of a timeframe; buckets without one are left out.
 * @param closes true if the market of the series closes at times
 */
export const built = (key: SeriesKey, bucket: Bucket, bars: Timeframe, opens: readonly Micros[], closes: boolean): Statement => ({
  name: 'build_bars',
  text: BUILD,
  values: [
    ...valuesOf(key),
    opens.map(formatTime),
    interval(bucket.length),
    bars,
    interval(timeframeMicros(bars)),
    closes,
    ...hullOf(opens.map((open) => ({ from: open, to: open + bucket.length }))),
  ],
})

/**
 * SQL: runs of adjacent sound bars within spans. A bar that is still open is a run of its own and ends when it was received.
 * $1–$3 the series, $4 starts of spans, $5 their ends, $6 the timeframe of bars, $7 its length, $8 true if the market closes at times,
 * $9 the start of the first span, $10 the end of the last
 */
const RUNS = `select o.n, min(o.time) as since, max(least(o.time + $7::interval, case when o.closed then 'infinity' else o.received_at end)) as until,
  ${barFigures('$7::interval', '$8::boolean')} from (
    select s.n, o.*, c.closed, case when c.closed then o.time - row_number() over (partition by s.n, c.closed order by o.time) * $7::interval
      else o.time end as run
    from unnest($4::timestamptz[], $5::timestamptz[]) with ordinality as s (since, until, n)
    cross join lateral (select * from ohlcv_data_rows as o
      where ${OF_BARS} and o.time >= s.since and o.time <= s.until - $7::interval and o.time >= $9::timestamptz and o.time < $10::timestamptz) as o
    cross join lateral (select ${isClosed('o', '$7::interval', '$8::boolean')} as closed) as c) as o
group by o.n, o.closed, o.run`

/** The runs of sound bars within spans. @param spans without overlaps @param closes true if the market closes at times */
export const runsWithin = (key: SeriesKey, bars: Timeframe, spans: readonly Span[], closes: boolean): Statement => ({
  name: 'runs_of_bars',
  text: RUNS,
  values: [
    ...valuesOf(key),
    spans.map(({ from }) => formatTime(from)),
    spans.map(({ to }) => formatTime(to)),
    bars,
    interval(timeframeMicros(bars)),
    closes,
    ...hullOf(spans),
  ],
})

/** SQL: $1–$3 the series, $4 opens, $5 the timeframe, $6 its length, $7 true if the market closes at times */
const OWN = `select o.*, ${isClosed('o', '$6::interval', '$7::boolean')} as closed, ${isSound('o', '$7::boolean')} as sound from ohlcv_data_rows as o
where o.series = ${seriesNumberSql('ohlcv', { ...NAMES, timeframe: '$5' })} and o.time = any ($4::timestamptz[])`

/** The stored bars that open at these times, sound or not. */
export const ownBars = (key: SeriesKey, timeframe: Timeframe, opens: readonly Micros[], closes: boolean): Statement => ({
  name: 'own_bars',
  text: OWN,
  values: [...valuesOf(key), opens.map(formatTime), timeframe, interval(timeframeMicros(timeframe)), closes],
})
