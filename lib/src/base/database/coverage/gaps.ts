import {
  type Calendar,
  intersect,
  type Micros,
  type NumberRange,
  openBars,
  openHours,
  type SeriesProof,
  type Span,
  subtract,
  timeframeMicros,
} from '../../types/index.ts'
import { type CoveredSeries, type Gap, SILENCE } from './model.ts'
import { numberGaps } from './numberGaps.ts'
import { reasonOf } from './reason.ts'
import type { KnownSource, Outage } from './sources.ts'

/** A stretch that the provider was asked for in vain. */
export interface SettledSpan extends Span {
  readonly reason: string
  readonly askedAt: Micros
}

/** Consecutive numbers, and when their records happened. */
export interface Numbered extends Span {
  readonly numbers: NumberRange
}

/** What is known of one series. */
export interface Known {
  readonly series: CoveredSeries
  /** That of its record type, by what its source says of it. */
  readonly proof: SeriesProof
  readonly first: Micros | undefined
  readonly last: Micros | undefined
  readonly held: readonly Span[]
  /** Consecutive numbers that are held, by number. */
  readonly islands: readonly Numbered[]
  readonly empty: readonly SettledSpan[]
  readonly emptyNumbers: readonly (SettledSpan & Numbered)[]
  readonly requested: readonly Span[]
  readonly requestedNumbers: readonly Numbered[]
  /** The longest silence that is no gap. */
  readonly limit: Micros
  readonly source: KnownSource | undefined
  readonly platform: KnownSource | undefined
  /** The outages that cut the series off. */
  readonly outages: readonly Outage[]
  readonly calendar: Calendar
  readonly now: Micros
}

/**
 * The missing spans of a series, with reasons. Pure.
 * - Candles: every bar between the first and the last that is absent or not final.
 * - Records with a cadence: a silence longer than the limit; of a live series also what is due by now.
 * - Records numbered without a gap: every absent number.
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

/** Bars that are not there; of other records silences that are too long. */
function silences(known: Known): Span[] {
  const { series, first, last, held, requested, calendar } = known
  const { timeframe } = series
  const inside = first === undefined || last === undefined ? [] : [{ from: first, to: endOf(known, first, last) }]
  const missing = subtract(
    [...inside, ...requested],
    [...held, ...(last === undefined ? [] : [{ from: last, to: last + lengthOf(series) }])],
  )
  if (timeframe === undefined) return missing.flatMap((span) => tooLong(span, known))
  // A part of a bar is no bar.
  return intersect(openBars(calendar, timeframe, missing), missing).filter(
    ({ from, to }) => to - from >= timeframeMicros(timeframe),
  )
}

const lengthOf = ({ timeframe }: CoveredSeries): Micros => (timeframe ? timeframeMicros(timeframe) : 1)

/** The open hours of a silence where they are longer than the limit; the edges of what was asked for are gaps of any length. */
function tooLong(silence: Span, { limit, requested, calendar }: Known): Span[] {
  const open = openHours(calendar, [silence])
  const length = open.reduce((sum, { from, to }) => sum + to - from, 0)
  return length > limit || requested.some((span) => span.from < silence.to && silence.from < span.to) ? open : []
}

/** The end of the last bar or record; of a series that has come since its source was started, what is due by now. */
function endOf({ series, limit, source, now }: Known, first: Micros, last: Micros): Micros {
  const length = lengthOf(series)
  const since = source?.liveSince
  if (since === undefined || last + length <= since) return Math.max(first, last + length)
  const every = source?.cadence[series.type]
  if (every === undefined) return last + length
  // The bar that runs now, and the time that one takes to be asked for, are nobody's fault.
  const due = series.timeframe ? now - 2 * length - SILENCE * every : now - limit
  return Math.max(last + length, series.timeframe ? last + length + Math.floor((due - last) / length) * length : due)
}

/**
 * Times of which it is known that nothing could come: the source did not run or was cut off. Of numbered records only those behind
 * the last, since the next number will tell. Before the source first ran nothing is known, and nothing counts as missing.
 */
function absences({ proof, first, last, held, islands, requested, source, outages, calendar, now }: Known): Span[] {
  const inside = (): Span[] => {
    if (source?.firstStart === undefined || first === undefined || last === undefined) return []
    const { spans, firstStart, liveSince } = source
    const from = Math.max(proof === 'sequence' ? last + 1 : first, firstStart)
    const until = (to: Micros): Span[] => (from < to ? [{ from, to }] : [])
    // As with prices: a series that has not come since the start, such as one of a file, is not due.
    const isLive = liveSince !== undefined && last >= liveSince
    const cut = intersect(until(liveSince === undefined ? last + 1 : now), outages)
    return [...subtract(until(isLive ? now : last + 1), spans), ...cut]
  }
  return openHours(calendar, subtract([...inside(), ...requested], [...held, ...islands]))
}
