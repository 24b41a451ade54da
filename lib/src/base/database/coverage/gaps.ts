import { type Micros, timeframeMicros } from '../../types/index.ts'
import { type CoveredSeries, type Gap, type GapReason, SILENCE } from './model.ts'
import type { Sessions } from './sessions.ts'
import { intersect, type Span, subtract } from './spans.ts'

/** A stretch that the provider was asked for in vain. */
export interface EmptySpan extends Span {
  readonly reason: string
  readonly askedAt: Micros
}

/** What is known of one series. */
export interface Known {
  readonly series: CoveredSeries
  readonly first: Micros | undefined
  readonly last: Micros | undefined
  readonly held: readonly Span[]
  readonly empty: readonly EmptySpan[]
  readonly requested: readonly Span[]
  /** The longest distance between two prices that is no gap. */
  readonly limit: Micros
  readonly source: Sessions | undefined
  readonly platform: Sessions | undefined
  readonly now: Micros
}

/**
 * What is missing, and why. Pure. Of candles every bar between the first and the last that is not there or not final; of prices
 * a silence longer than the limit; of a series that comes live, also what should have come by now.
 */
export function gapsOf(known: Known): Gap[] {
  const { first, last, held, empty, requested } = known
  const inside = first === undefined || last === undefined ? [] : [{ from: first, to: endOf(known, first, last) }]
  const missing = subtract(
    [...inside, ...requested],
    [...held, ...(last === undefined ? [] : [{ from: last, to: last + lengthOf(known.series) }])],
  ).filter((span) => isGap(span, known))
  return missing
    .flatMap((span): Gap[] => [
      ...subtract([span], empty).map((part) => ({ ...part, reason: reasonOf(part, known) })),
      ...empty.flatMap(({ reason, askedAt, ...asked }) =>
        intersect([asked], [span]).map((part) => ({ ...part, reason: 'provider' as const, settled: { reason, askedAt } })),
      ),
    ])
    .sort((a, b) => a.from - b.from)
}

const lengthOf = ({ timeframe }: CoveredSeries): Micros => (timeframe ? timeframeMicros(timeframe) : 1)

/** A part of a bar is no bar; of prices the limit decides, but for the edges of what was asked for. */
function isGap({ from, to }: Span, { series, limit, requested }: Known): boolean {
  if (series.timeframe) return to - from >= timeframeMicros(series.timeframe)
  return to - from > limit || requested.some((span) => span.from < to && from < span.to)
}

/** The last bar or price; of a series that has come since its source was started, what is due by now. */
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

/** The stretches of a gap in which the source did not run say whose fault it is. */
function reasonOf(gap: Span, { requested, source, platform }: Known): GapReason {
  if (intersect([gap], requested).length > 0) return 'interrupted'
  if (!source || gap.to <= (source.firstStart ?? Number.POSITIVE_INFINITY)) return 'unasked'
  const down = subtract([gap], source.spans)
  if (down.length === 0) return 'provider'
  return subtract(down, platform?.spans ?? []).length > 0 ? 'stopped' : 'reconnect'
}
