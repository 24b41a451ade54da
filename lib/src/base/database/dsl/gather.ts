import { decimal, type Micros, nowMicros, type Ohlcv, type Origin, type Timeframe, timeframeMicros } from '../../types/index.ts'
import { type RawRow, type Reader, readInteger, readTime } from '../reader.ts'
import type { Material, Range, SeriesKey } from './bars.ts'
import { type Bucket, finerTimeframes, openOf } from './bucket.ts'
import { bucketRows, opensHolding } from './bucketRows.ts'
import type { HeldSeries } from './held.ts'

/** The fields of a candle but for its length, which may be none of the timeframes. */
type Figures = { readonly [K in keyof Ohlcv as string extends K ? never : K extends 'timeframe' ? never : K]: Ohlcv[K] }

/** A candle of any length, and what it was made of. */
export interface Gathered extends Figures {
  /** The length of the bars it was rolled up from. */
  readonly fromTimeframe?: Timeframe
  /** How many bars, trades or prices it was made of; 1 for a stored bar. */
  readonly pieces: number
}

/** So many buckets are asked for one by one; of more it is first found out which of them hold anything. */
const ENUMERATED = 500

/**
 * Fills the buckets of a range that no stored bar fills: from the finer bars that cover most of a bucket (the coarser at a
 * draw), else from trades, else from prices.
 * @param stored when the stored bars open, in their order
 */
export async function fill(
  reader: Reader,
  held: HeldSeries,
  bucket: Bucket,
  range: Range,
  stored: readonly Micros[],
  materials: readonly Material[] = materialsOf(held, bucket),
): Promise<Gathered[]> {
  const opens = await missing(reader, held, bucket, range, stored, materials)
  const found = new Map<Micros, Gathered>()
  for (const material of materials) {
    const latest = held.parts.find(({ kind }) => kind === material)?.latest ?? Number.NEGATIVE_INFINITY
    const isBars = material !== 'trades' && material !== 'prices'
    const wanting = opens.filter((open) => open <= latest && !(isBars ? isCovered(found.get(open), bucket) : found.has(open)))
    if (wanting.length === 0) continue
    for (const row of await bucketRows(reader, held, bucket, material, wanting)) {
      const candle = candleOf(held, bucket, material, row)
      const other = found.get(candle.time)
      if (!other || coverage(other) < coverage(candle)) found.set(candle.time, candle)
    }
  }
  return [...found.values()]
}

/** What is held of a series that a bucket can be made of, the best first. */
export function materialsOf(held: HeldSeries, bucket: Bucket): readonly Material[] {
  const order: readonly Material[] = [...finerTimeframes(bucket), 'trades', 'prices']
  return order.filter((material) => held.parts.some(({ kind }) => kind === material))
}

/** The opens of buckets that may hold something and have no stored bar. */
async function missing(
  reader: Reader,
  held: HeldSeries,
  bucket: Bucket,
  range: Range,
  stored: readonly Micros[],
  materials: readonly Material[],
): Promise<readonly Micros[]> {
  const latest = Math.max(...held.parts.filter(({ kind }) => materials.includes(kind)).map((part) => part.latest))
  if (latest === Number.NEGATIVE_INFINITY) return []
  // From the first bucket that opens in the range, or the oldest stored one where those are as many as may be, to the newest
  // that holds anything.
  const oldest = stored.length >= range.limit ? stored[0] : range.from
  const last = openOf(Math.min(latest, range.to - 1), bucket)
  const first = oldest === undefined ? undefined : openOf(oldest - 1, bucket) + bucket.length
  if (first !== undefined && last < first + stored.length * bucket.length && isDense(stored, bucket, first)) return []
  const known = new Set(stored)
  if (first !== undefined && (last - first) / bucket.length < ENUMERATED + stored.length) {
    const opens: Micros[] = []
    for (let open = last; open >= first && opens.length < ENUMERATED; open -= bucket.length)
      if (!known.has(open)) opens.push(open)
    if (opens.length < ENUMERATED) return opens
  }
  const walks = await Promise.all(materials.map((material) => opensHolding(reader, held, bucket, material, range)))
  const opens = walks.flat()
  // A bucket that opens before `from` is not asked for, even if it holds later rows.
  const inRange = new Set([...opens.filter((open) => open >= (range.from ?? open)), ...stored])
  return [...inRange]
    .sort((a, b) => b - a)
    .slice(0, range.limit)
    .filter((open) => !known.has(open))
}

/** Whether buckets follow one another from the first on without a hole. */
const isDense = (opens: readonly Micros[], { length }: Bucket, first: Micros): boolean =>
  opens[0] === first && (opens.at(-1) as Micros) - first === (opens.length - 1) * length

/** How much of its bucket a candle's pieces cover, in microseconds; trades and prices cover none of it for certain. */
const coverage = ({ fromTimeframe, pieces }: Gathered): Micros =>
  fromTimeframe === undefined ? 0 : pieces * timeframeMicros(fromTimeframe)
const isCovered = (candle: Gathered | undefined, bucket: Bucket): boolean =>
  candle !== undefined && coverage(candle) >= bucket.length

function candleOf({ coinId, source, currency }: SeriesKey, bucket: Bucket, material: Material, row: RawRow): Gathered {
  const time = readTime(row.bucket as string)
  const pieces = readInteger(row.pieces as string)
  const from = material === 'trades' || material === 'prices' ? undefined : material
  const text = (name: string) => row[name] as string
  return {
    coinId,
    source,
    time,
    receivedAt: readTime(text('received_at')),
    origin: (row.simulated === 't' ? 'simulated' : text('origin')) as Origin,
    currency,
    open: decimal(text('open')),
    high: decimal(text('high')),
    low: decimal(text('low')),
    close: decimal(text('close')),
    ...(row.volume == null ? {} : { volume: decimal(row.volume) }),
    ...(row.trade_count == null ? {} : { tradeCount: readInteger(row.trade_count) }),
    // Of bars: when none is missing and all are final. Of trades and prices: when no more can come.
    isFinal:
      time + bucket.length <= nowMicros() &&
      (!from || (row.is_final === 't' && pieces * timeframeMicros(from) === bucket.length)),
    builtFrom: from ? 'candles' : (material as 'trades' | 'prices'),
    ...(from ? { fromTimeframe: from } : {}),
    pieces,
  }
}
