import { type Calendar, formatTime, NOTHING_THERE, openHours, type Span, union } from '../../../types/index.ts'
import { type RowReader, readTime } from '../../reading/RowReader.ts'
import type { Material, SeriesKey } from '../series.ts'

/**
 * SQL: the spans of which coverage knows all bars and trades: they are stored, or the provider has said that there are no others.
 * $1–$3 the series, $4 the timeframes of bars and `trades`, $5 and $6 the stretch
 */
const HELD = `select lower(c.span) as since, upper(c.span) as until from coverage_spans as c
  where c.series_id in (select s.id from series as s where s.coin_id = $1 and s.source = $2 and s.currency = $3
      and (s.type = 'ohlcv' and s.timeframe = any ($4::text[]) or s.type = 'trade' and 'trades' = any ($4::text[])))
    and c.numbers is null and (c.state = 'held' or c.state = 'empty' and c.reason like '%${NOTHING_THERE}')
    and c.span && tstzrange($5::timestamptz, $6::timestamptz)`
const THERE = { name: 'coverage_there', text: "select to_regclass('coverage_spans') is not null as there" } as const
const withCoverage = new WeakSet<RowReader>()

/**
 * Which of the buckets are held by coverage through all of their open hours. A source may leave out the bars of minutes without a
 * trade: nothing is missing in such a bucket, although it holds few of them.
 * @param buckets oldest or newest first, at least one
 */
export async function heldBuckets(
  reader: RowReader,
  { coinId, source, currency }: SeriesKey,
  calendar: Calendar,
  materials: readonly Material[],
  buckets: readonly Span[],
): Promise<readonly boolean[]> {
  if (!withCoverage.has(reader)) {
    const [row] = await reader.rows(THERE)
    if (row?.there !== 't') return buckets.map(() => false)
    withCoverage.add(reader)
  }
  const from = Math.min(...buckets.map((span) => span.from))
  const to = Math.max(...buckets.map((span) => span.to))
  const values = [coinId, source, currency, [...materials], formatTime(from), formatTime(to)]
  const rows = await reader.rows({ name: 'held_time', text: HELD, values })
  const held = union(rows.map((row) => ({ from: readTime(row.since as string), to: readTime(row.until as string) })))
  return buckets.map((span) => openHours(calendar, [span]).every((open) => isWithin(open, held)))
}

/** True if one of the spans holds a stretch whole. @param spans in order, apart from each other */
function isWithin({ from, to }: Span, spans: readonly Span[]): boolean {
  let [low, high] = [0, spans.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((spans[middle] as Span).to < to) low = middle + 1
    else high = middle
  }
  const found = spans[low]
  return found !== undefined && found.from <= from
}
