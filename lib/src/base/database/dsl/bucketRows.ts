import { formatTime, type Micros, type Timeframe } from '../../types/index.ts'
import { type RawRow, type Reader, readTime } from '../reader.ts'
import { levelFor, type Rolled } from '../rollups/levels.ts'
import { droppedOpens, levelOf, rolledUp } from '../rollups/read.ts'
import { boundText, bucketsHolding, built, type Material, type Range, type SeriesKey } from './bars.ts'
import { type Bucket, openOf } from './bucket.ts'
import type { HeldSeries } from './held.ts'

const ROLLED: Readonly<Partial<Record<Material, Rolled>>> = { trades: 'trades', prices: 'prices', '1m': 'candles' }

const wantedOf = ({ coinId, source, currency }: SeriesKey, { length, origin }: Bucket) => ({
  coinId,
  source,
  currency,
  length,
  origin,
})

/**
 * The given buckets made of stored bars, from rollups where they are fresh; those that hold none are left out.
 * @param closes whether the market of the series closes at times
 */
export async function bucketRows(
  reader: Reader,
  key: SeriesKey,
  bucket: Bucket,
  bars: Timeframe,
  opens: readonly Micros[],
  closes: boolean,
): Promise<readonly RawRow[]> {
  const level = ROLLED[bars] && levelOf(bucket)
  if (!level) return reader.rows(built(key, bucket, bars, opens, closes))
  const rows = await reader.rows(rolledUp(wantedOf(key, bucket), level, opens.map(formatTime)))
  const stale = rows.filter((row) => row.stale === 't')
  if (stale.length === 0) return rows
  const staleOpens = stale.map((row) => readTime(row.bucket as string))
  return [...rows.filter((row) => row.stale !== 't'), ...(await reader.rows(built(key, bucket, bars, staleOpens, closes)))]
}

const DAY: Micros = 86_400_000_000
const WIDER = 8

/**
 * Where buckets hold records, looked for in windows of time, the latest first: a step back over hundreds of chunks costs a hundred times
 * as much as one over the few of a window. A window begins at a bucket's open, so that no bucket is in two of them.
 */
async function walked(
  reader: Reader,
  key: HeldSeries,
  bucket: Bucket,
  material: Material,
  range: Range,
): Promise<readonly Micros[]> {
  const part = key.parts.find(({ kind }) => kind === material)
  if (part?.first === undefined) return []
  const lowest = Math.max(part.first, range.from ?? part.first)
  const opens: Micros[] = []
  let to = range.to
  let length = Math.max(2 * range.limit * bucket.length, DAY)
  while (to > lowest && opens.length < range.limit) {
    const from = Math.max(lowest, openOf(Math.min(to, part.latest) - length, bucket))
    const rows = await reader.rows(bucketsHolding(key, bucket, material, { from, to, limit: range.limit - opens.length }))
    opens.push(...rows.map((row) => readTime(row.open as string)))
    to = from
    length *= WIDER
  }
  return opens
}

/** The opens of the latest buckets that hold the material, newest first; those too of which only the rollup is left. */
export async function opensHolding(
  reader: Reader,
  key: HeldSeries,
  bucket: Bucket,
  material: Material,
  range: Range,
): Promise<readonly Micros[]> {
  const rolled = ROLLED[material]
  const level = rolled === 'candles' ? levelOf(bucket) : levelFor(bucket.length, bucket.origin)
  const bounds = { from: boundText(range.from), to: formatTime(range.to), limit: range.limit }
  const [held, dropped] = await Promise.all([
    walked(reader, key, bucket, material, range),
    rolled && level ? reader.rows(droppedOpens(wantedOf(key, bucket), rolled, level, formatTime(bucket.origin), bounds)) : [],
  ])
  return [...held, ...dropped.map((row) => readTime(row.open as string))]
}
