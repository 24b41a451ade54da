import { formatTime, type Micros, type Timeframe } from '../../types/index.ts'
import type { Statement } from '../reader.ts'
import { FIGURES } from '../rollups/figures.ts'
import type { Bucket } from './bucket.ts'
import type { HeldPart } from './held.ts'

/** Whose data: the leading columns of the tables. */
export interface SeriesKey {
  readonly coinId: string
  readonly source: string
  readonly currency: string
}

export interface Range {
  readonly from: Micros | undefined
  readonly to: Micros
  readonly limit: number
}

/** What buckets are made of, where no bar of their own length is stored. */
export type Material = HeldPart['kind']

const TABLES = { trades: 'trades', prices: 'crypto_prices' } as const
const tableOf = (material: Material): string => (material in TABLES ? TABLES[material as keyof typeof TABLES] : 'ohlcv_data')
/** One prepared statement for each kind of material, and bars of all timeframes share theirs. */
const named = (verb: string, material: Material): string => `${verb}_${material in TABLES ? material : 'bars'}`
const timeframeOf = (material: Material): Timeframe[] => (material in TABLES ? [] : [material as Timeframe])

/** The lower bound as text; a null would hide it from a prepared plan, which then reads all of the history before it. */
export const boundText = (from: Micros | undefined): string => (from === undefined ? '-infinity' : formatTime(from))
const interval = (length: Micros): string => `${length} microseconds`

/**
 * The opens of the latest buckets that hold anything, newest first: each step jumps through the index to the newest row before
 * the last bucket, so the cost is one index probe a bucket, whatever lies within. Weeks are counted from a Monday.
 * $1–$3 the series, $4 the bucket's length, $5 its origin, $6 from, $7 to, $8 how many, $9 the timeframe of bars
 */
function walk(table: string, condition: string): string {
  const newestBefore = (end: string) => `(select date_bin($4::interval, time, $5::timestamptz) as open from ${table} as r
    where r.coin_id = $1 and r.source = $2 and r.currency = $3 ${condition} and r.time < ${end} and r.time >= $6::timestamptz
    order by r.time desc limit 1)`
  return `with recursive b (open) as (${newestBefore('$7::timestamptz')}
    union all select n.open from b cross join lateral ${newestBefore('b.open')} as n)
    select open from b limit $8`
}

const onBars = (material: Material, condition: string): string => (material in TABLES ? '' : condition)

/** Where buckets hold the material; at most the latest `limit`. */
export function bucketsHolding(key: SeriesKey, bucket: Bucket, material: Material, range: Range): Statement {
  const { coinId, source, currency } = key
  const bounds = [boundText(range.from), formatTime(range.to), range.limit]
  return {
    name: named('walk', material),
    text: walk(tableOf(material), onBars(material, 'and r.timeframe = $9')),
    values: [coinId, source, currency, interval(bucket.length), formatTime(bucket.origin), ...bounds, ...timeframeOf(material)],
  }
}

/** $1–$3 the series, $4 opens of buckets, $5 their length, $6 the timeframe of bars */
const build = (
  material: Material,
  figures: string,
): string => `select b.open as bucket, r.* from unnest($4::timestamptz[]) as b (open)
cross join lateral (select ${figures} from ${tableOf(material)} as o where o.coin_id = $1 and o.source = $2 and o.currency = $3 ${onBars(material, 'and o.timeframe = $6')}
    and o.time >= b.open and o.time < b.open + $5::interval) as r
where r.pieces > 0`

/** The given buckets made of the material; those that hold none are left out. */
export function built(key: SeriesKey, bucket: Bucket, material: Material, opens: readonly Micros[]): Statement {
  const figures = FIGURES[material in TABLES ? (material as keyof typeof TABLES) : 'candles']
  return {
    name: named('build', material),
    text: build(material, figures),
    values: [key.coinId, key.source, key.currency, opens.map(formatTime), interval(bucket.length), ...timeframeOf(material)],
  }
}
