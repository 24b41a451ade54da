import { formatTime, type Micros } from '../../types/index.ts'
import { type RawRow, type Reader, readTime } from '../reader.ts'
import type { Rolled } from '../rollups/levels.ts'
import { canMend, droppedOpens, levelOf, mended, rolledUp, type Wanted } from '../rollups/read.ts'
import { boundText, bucketsHolding, built, type Material, type Range, type SeriesKey } from './bars.ts'
import type { Bucket } from './bucket.ts'

const ROLLED: Readonly<Partial<Record<Material, Rolled>>> = { trades: 'trades', prices: 'prices', '1m': 'candles' }

function wantedOf({ coinId, source, currency }: SeriesKey, { length, origin }: Bucket, material: Material): Wanted | undefined {
  const rolled = ROLLED[material]
  return rolled && { coinId, source, currency, rolled, length, origin }
}

/** The given buckets made of the material, from rollups where they are fresh; those that hold none are left out. */
export async function bucketRows(
  reader: Reader,
  key: SeriesKey,
  bucket: Bucket,
  material: Material,
  opens: readonly Micros[],
): Promise<readonly RawRow[]> {
  const wanted = wantedOf(key, bucket, material)
  const level = wanted && levelOf(wanted)
  if (!wanted || !level) return reader.rows(built(key, bucket, material, opens))
  const rows = await reader.rows(rolledUp(wanted, level, opens.map(formatTime)))
  const stale = rows.filter((row) => row.stale === 't')
  const [first] = stale
  if (!first) return rows
  const staleOpens = stale.map((row) => readTime(row.bucket as string))
  const statement =
    canMend(wanted) && first.off !== 't' ? mended(wanted, staleOpens.map(formatTime)) : built(key, bucket, material, staleOpens)
  return [...rows.filter((row) => row.stale !== 't'), ...(await reader.rows(statement))]
}

/** The opens of the latest buckets that hold the material, newest first; those too of which only the rollup is left. */
export async function opensHolding(
  reader: Reader,
  key: SeriesKey,
  bucket: Bucket,
  material: Material,
  range: Range,
): Promise<readonly Micros[]> {
  const wanted = wantedOf(key, bucket, material)
  const level = wanted && levelOf(wanted)
  const bounds = { from: boundText(range.from), to: formatTime(range.to), limit: range.limit }
  const rows = await Promise.all([
    reader.rows(bucketsHolding(key, bucket, material, range)),
    ...(wanted && level ? [reader.rows(droppedOpens(wanted, level, formatTime(bucket.origin), bounds))] : []),
  ])
  return rows.flat().map((row) => readTime(row.open as string))
}
