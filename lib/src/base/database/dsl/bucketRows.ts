import { formatTime, type Micros, type Timeframe } from '../../types/index.ts'
import { type RawRow, type Reader, readTime } from '../reader.ts'
import { levelFor, type Rolled } from '../rollups/levels.ts'
import { droppedOpens, levelOf, rolledUp } from '../rollups/read.ts'
import { boundText, bucketsHolding, built, type Material, type Range, type SeriesKey } from './bars.ts'
import type { Bucket } from './bucket.ts'

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

/** The opens of the latest buckets that hold the material, newest first; those too of which only the rollup is left. */
export async function opensHolding(
  reader: Reader,
  key: SeriesKey,
  bucket: Bucket,
  material: Material,
  range: Range,
): Promise<readonly Micros[]> {
  const rolled = ROLLED[material]
  const level = rolled === 'candles' ? levelOf(bucket) : levelFor(bucket.length, bucket.origin)
  const bounds = { from: boundText(range.from), to: formatTime(range.to), limit: range.limit }
  const rows = await Promise.all([
    reader.rows(bucketsHolding(key, bucket, material, range)),
    ...(rolled && level
      ? [reader.rows(droppedOpens(wantedOf(key, bucket), rolled, level, formatTime(bucket.origin), bounds))]
      : []),
  ])
  return rows.flat().map((row) => readTime(row.open as string))
}
