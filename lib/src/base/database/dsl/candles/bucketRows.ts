import { formatTime, type Micros, type Timeframe } from '../../../types/index.ts'
import { type RawRow, type RowReader, readTime } from '../../reading/RowReader.ts'
import { levelFor, type Rolled } from '../../rollups/levels.ts'
import { droppedOpens, levelOf, rolledUp } from '../../rollups/read.ts'
import type { Material, SeriesKey, StoredSeries } from '../series.ts'
import { type Bucket, openOf, originOf } from './bucket.ts'
import { boundText, bucketsHolding, built, type CandleRange } from './statements.ts'

const ROLLED: Readonly<Partial<Record<Material, Rolled>>> = { trades: 'trades', prices: 'prices', '1m': 'candles' }

const wantedOf = ({ coinId, source, currency }: SeriesKey, bucket: Bucket) => ({
  coinId,
  source,
  currency,
  length: bucket.length,
  origin: originOf(bucket),
})

const gridOf = (bucket: Bucket) => ({ length: bucket.length, origin: originOf(bucket) })

/**
 * The given buckets built from stored bars: from rollups that are fresh, else from the bars. Buckets without a bar are left out.
 * @param closes true if the market of the series closes at times
 */
export async function bucketRows(
  reader: RowReader,
  key: SeriesKey,
  bucket: Bucket,
  bars: Timeframe,
  opens: readonly Micros[],
  closes: boolean,
): Promise<readonly RawRow[]> {
  const level = ROLLED[bars] && levelOf(gridOf(bucket))
  if (!level) return reader.rows(built(key, bucket, bars, opens, closes))
  const rows = await reader.rows(rolledUp(wantedOf(key, bucket), level, opens.map(formatTime)))
  const stale = rows.filter((row) => row.stale === 't')
  if (stale.length === 0) return rows
  const staleOpens = stale.map((row) => readTime(row.bucket as string))
  return [...rows.filter((row) => row.stale !== 't'), ...(await reader.rows(built(key, bucket, bars, staleOpens, closes)))]
}

const DAY: Micros = 86_400_000_000
/** Each window is this many times as long as the one before. */
const WIDER = 8

/**
 * The opens of buckets that hold records, found in windows of time, the latest first: a step back over hundreds of chunks costs a
 * hundred times as much as one over the few of a window. A window begins at a bucket's open, so no bucket is in two windows.
 */
async function walked(
  reader: RowReader,
  key: StoredSeries,
  bucket: Bucket,
  material: Material,
  range: CandleRange,
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

/** The opens of the latest buckets that hold the material, newest first; including buckets of which only the rollup is left. */
export async function opensHolding(
  reader: RowReader,
  key: StoredSeries,
  bucket: Bucket,
  material: Material,
  range: CandleRange,
): Promise<readonly Micros[]> {
  const rolled = ROLLED[material]
  const level = rolled === 'candles' ? levelOf(gridOf(bucket)) : levelFor(bucket.length, originOf(bucket))
  const bounds = { from: boundText(range.from), to: formatTime(range.to), limit: range.limit }
  const [stored, dropped] = await Promise.all([
    walked(reader, key, bucket, material, range),
    rolled && level ? reader.rows(droppedOpens(wantedOf(key, bucket), rolled, level, formatTime(originOf(bucket)), bounds)) : [],
  ])
  return [...stored, ...dropped.map((row) => readTime(row.open as string))]
}
