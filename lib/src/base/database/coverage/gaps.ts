import {
  type CoveredSeries,
  type Gap,
  intersect,
  type Micros,
  openBars,
  openHours,
  SILENCE,
  type Span,
  subtract,
  timeframeMicros,
} from '../../types/index.ts'
import type { Known } from './known.ts'
import { numberGaps } from './numberGaps.ts'
import { reasonOf } from './reason.ts'

/**
 * The gaps of a series, with reasons. Pure.
 * - Candles: every bar between the first and the last that is missing or not final.
 * - Records with a cadence: a silence longer than the limit; for a live series also the time since the last record, if one is overdue.
 * - Records numbered without gaps: every missing number.
 * - All others: the time in which the source did not run or was cut off.
 *
 * While the market is closed only numbers can be missing.
 */
export function gapsOf(known: Known): Gap[] {
  const { proof, empty } = known
  const byTime = (proof === 'sequence' || proof === 'sessions' ? absences(known) : silences(known)).flatMap((span): Gap[] => [
    ...subtract([span], empty).map((part) => ({ ...part, ...reasonOf(part, known) })),
    ...empty.flatMap(({ reason, askedAt, ...asked }) =>
      intersect([asked], [span]).map((part) => ({ ...part, reason: 'provider' as const, settled: { reason, askedAt } })),
    ),
  ])
  return [...byTime, ...(proof === 'sequence' ? numberGaps(known) : [])].sort(
    (a, b) => a.from - b.from || (a.numbers?.first ?? 0) - (b.numbers?.first ?? 0),
  )
}

/** Missing bars; for other records, silences that are too long. */
function silences(known: Known): Span[] {
  const { series, first, last, held, requested, calendar } = known
  const { timeframe } = series
  const inside = first === undefined || last === undefined ? [] : [{ from: first, to: endOf(known, first, last) }]
  const missing = subtract(
    [...inside, ...requested],
    [...held, ...(last === undefined ? [] : [{ from: last, to: last + lengthOf(series) }])],
  )
  if (timeframe === undefined) return missing.flatMap((span) => tooLong(span, known))
  // Parts of bars do not count.
  return intersect(openBars(calendar, timeframe, missing), missing).filter(
    ({ from, to }) => to - from >= timeframeMicros(timeframe),
  )
}

const lengthOf = ({ timeframe }: CoveredSeries): Micros => (timeframe ? timeframeMicros(timeframe) : 1)

/** The open hours of a silence if they are longer than the limit. Within requested spans a gap may have any length. */
function tooLong(silence: Span, { limit, requested, calendar }: Known): Span[] {
  const open = openHours(calendar, [silence])
  const length = open.reduce((sum, { from, to }) => sum + to - from, 0)
  return length > limit || requested.some((span) => span.from < silence.to && silence.from < span.to) ? open : []
}

/** The end of the last bar or record; for a live series, the time at which the next one was due. */
function endOf({ series, limit, source, now }: Known, first: Micros, last: Micros): Micros {
  const length = lengthOf(series)
  const since = source?.liveSince
  if (since === undefined || last + length <= since) return Math.max(first, last + length)
  const every = source?.cadence[series.type]
  if (every === undefined) return last + length
  // The open bar, and the time until the source polls for it, are not gaps.
  const due = series.timeframe ? now - 2 * length - SILENCE * every : now - limit
  return Math.max(last + length, series.timeframe ? last + length + Math.floor((due - last) / length) * length : due)
}

/**
 * The times in which the source did not run or was cut off. For numbered records only those after the last one, since the next number
 * will show the rest. Nothing before the first start of the source counts as missing.
 */
function absences({ proof, first, last, held, islands, requested, source, outages, calendar, now }: Known): Span[] {
  const inside = (): Span[] => {
    if (source?.firstStart === undefined || first === undefined || last === undefined) return []
    const { spans, firstStart, liveSince } = source
    const from = Math.max(proof === 'sequence' ? last + 1 : first, firstStart)
    const until = (to: Micros): Span[] => (from < to ? [{ from, to }] : [])
    // As with prices: a series without a record since the start, such as one from a file, is not due.
    const isLive = liveSince !== undefined && last >= liveSince
    const cut = intersect(until(liveSince === undefined ? last + 1 : now), outages)
    return [...subtract(until(isLive ? now : last + 1), spans), ...cut]
  }
  return openHours(calendar, subtract([...inside(), ...requested], [...held, ...islands]))
}
