import type { Micros } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { EVENTS } from '../../rollups/events.ts'
import type { Material, StoredSeries } from '../series.ts'
import { type Bucket, finerTimeframes, openOf, timeframeOf } from './bucket.ts'
import { opensHolding } from './bucketRows.ts'
import { build } from './CandleBuilder.ts'
import type { BuiltCandle } from './completeness.ts'
import type { CandleRange } from './statements.ts'

/** Up to this many buckets are all asked for; beyond that a first query finds the ones that hold anything. */
const ENUMERATED = 500

/**
 * Builds the buckets of a range that have no closed, sound bar of their own length. Each part of a bucket is built from the best
 * material there is for it: bars (the coarsest first), else trades, else prices.
 * @param stored opens of the bars that are served as they are stored, oldest first
 */
export async function fill(
  reader: RowReader,
  series: StoredSeries,
  bucket: Bucket,
  range: CandleRange,
  stored: readonly Micros[],
  materials: readonly Material[] = materialsOf(series, bucket),
): Promise<BuiltCandle[]> {
  const opens = await missing(reader, series, bucket, range, stored, materials)
  return opens.length === 0 ? [] : build(reader, series, bucket, opens, materials)
}

/** The stored kinds of data that a bucket can be built from, the best first. */
export function materialsOf(series: StoredSeries, bucket: Bucket): readonly Material[] {
  const own = timeframeOf(bucket)
  const order: readonly Material[] = [...(own ? [own] : []), ...finerTimeframes(bucket), ...EVENTS]
  return order.filter((material) => series.parts.some(({ kind }) => kind === material))
}

/** The opens of buckets that may hold something and have no stored bar. */
async function missing(
  reader: RowReader,
  series: StoredSeries,
  bucket: Bucket,
  range: CandleRange,
  stored: readonly Micros[],
  materials: readonly Material[],
): Promise<readonly Micros[]> {
  const latest = Math.max(...series.parts.filter(({ kind }) => materials.includes(kind)).map((part) => part.latest))
  if (latest === Number.NEGATIVE_INFINITY) return []
  // From the first bucket that opens in the range (from the oldest stored bar, if the bars reach the limit) to the newest bucket
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
  const walks = await Promise.all(materials.map((material) => opensHolding(reader, series, bucket, material, range)))
  const opens = walks.flat()
  // A bucket that opens before `from` is outside the range, even if it holds later rows.
  const inRange = new Set([...opens.filter((open) => open >= (range.from ?? open)), ...stored])
  return [...inRange]
    .sort((a, b) => b - a)
    .slice(0, range.limit)
    .filter((open) => !known.has(open))
}

/** True if the buckets follow one another from `first` on without a hole. */
const isDense = (opens: readonly Micros[], { length }: Bucket, first: Micros): boolean =>
  opens[0] === first && (opens.at(-1) as Micros) - first === (opens.length - 1) * length
