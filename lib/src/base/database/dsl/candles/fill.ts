import { type Calendar, type Micros, openTime, phasesOf, type Span } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import { EVENTS } from '../../rollups/events.ts'
import type { Material, StoredSeries } from '../series.ts'
import { type Bucket, finerTimeframes, labelOf, openOf, openOfLabel, timeframeOf } from './bucket.ts'
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
  const found: BuiltCandle[] = []
  let held = 0
  const calendar = await reader.calendarOf(series)
  for (const part of phased(calendar, series, bucket, range)) {
    const own = stored.filter((time) => time >= part.labels.from && time < part.labels.to)
    const opens = await missing(
      reader,
      series,
      part.bucket,
      part.range,
      own.map((time) => openOfLabel(time, part.bucket)),
      materials,
    )
    const days = opens.filter((open) => isTraded(calendar, open, part.bucket))
    if (days.length > 0) found.push(...(await build(reader, series, part.bucket, days, materials)))
    held += own.length
    if (held + found.length >= range.limit) break
  }
  return found
}

/** False for a trading day without a session: the one before the clocks change would reach into the next. */
function isTraded(calendar: Calendar, open: Micros, bucket: Bucket): boolean {
  const { dayStart } = calendar
  const label = labelOf(open, bucket)
  return label === open || !dayStart || openTime(calendar, dayStart(label), dayStart(label + bucket.length)) > 0
}

interface PhasedRange {
  readonly bucket: Bucket
  readonly range: CandleRange
  /** The times that name its candles. */
  readonly labels: Span
}

/** The parts of a range whose buckets are counted from one point, the latest first; one part, unless the market has sessions. */
function* phased(calendar: Calendar, { parts }: StoredSeries, bucket: Bucket, range: CandleRange): Generator<PhasedRange> {
  if (calendar.always) return yield { bucket, range, labels: EVER }
  const oldest = Math.min(...parts.map(({ first, latest }) => first ?? latest))
  const newest = Math.max(...parts.map(({ latest }) => latest))
  const [from, to] = [range.from ?? oldest - bucket.length, Math.min(range.to, newest + bucket.length)]
  const { length, origin } = bucket
  if (from >= to) return
  for (const { phase, ...labels } of phasesOf(calendar, length, origin, { from, to })) {
    const shifted = { ...bucket, phase }
    const [first, end] = [openOfLabel(labels.from, shifted), openOfLabel(labels.to, shifted)]
    yield { bucket: shifted, range: { ...range, from: first, to: end }, labels }
  }
}

/** Builds the buckets with these names from other material than bars of their own length; buckets that hold nothing are left out. */
export async function buildNamed(
  reader: RowReader,
  series: StoredSeries,
  bucket: Bucket,
  labels: readonly Micros[],
  materials: readonly Material[],
): Promise<BuiltCandle[]> {
  const found: BuiltCandle[] = []
  const range = { from: Math.min(...labels), to: Math.max(...labels) + 1, limit: labels.length }
  for (const part of phased(await reader.calendarOf(series), series, bucket, range)) {
    const opens = labels
      .filter((label) => label >= part.labels.from && label < part.labels.to)
      .map((label) => openOfLabel(label, part.bucket))
    if (opens.length > 0) found.push(...(await build(reader, series, part.bucket, opens, materials)))
  }
  return found
}

const EVER: Span = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

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
