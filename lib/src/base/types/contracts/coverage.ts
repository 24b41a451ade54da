import type { Span } from '../spans.ts'
import type { Micros } from '../time.ts'
import type { Timeframe } from '../timeframe.ts'
import type { HistoryType, NumberRange } from './history.ts'

/** The records of one kind, of one instrument at one source in one currency. */
export interface CoveredSeries {
  readonly source: string
  /** Empty for the whole market. */
  readonly coinId: string
  /** Empty where records have none. */
  readonly currency: string
  readonly type: HistoryType
  /** The length of candles; no other type has one. */
  readonly timeframe?: Timeframe
}

/** A filter of series; left-out fields do not restrict. */
export interface CoverageFilter {
  readonly sources?: readonly string[] | undefined
  readonly coins?: readonly string[] | undefined
  readonly currencies?: readonly string[] | undefined
  readonly types?: readonly HistoryType[] | undefined
  readonly timeframes?: readonly Timeframe[] | undefined
}

/** The end of the reason of an empty span that the provider answered for, after the name of the source. */
export const NOTHING_THERE = ' has nothing there'

/**
 * The reason of a gap. `stopped`: the platform did not run. `reconnect`: it ran, but the source did not, or was cut off from its provider.
 * `provider`: both ran, or the provider was asked, and it gave nothing. `interrupted`: a backfill asked for it and did not finish.
 * `unasked`: it lies before the source's first start, and no backfill asked for it.
 */
export const GAP_REASONS = ['stopped', 'reconnect', 'provider', 'interrupted', 'unasked'] as const
export type GapReason = (typeof GAP_REASONS)[number]

export interface Gap extends Span {
  readonly reason: GapReason
  /** For a cut inside the source: the source's own words. */
  readonly detail?: string
  /** The missing numbers, if the records are numbered; the times are then those of the neighbours. */
  readonly numbers?: NumberRange
  /** The count of these numbers. */
  readonly missing?: number
  /** The provider was asked and has nothing; it is not asked again. */
  readonly settled?: {
    /** The provider's words, or that it gave nothing. */
    readonly reason: string
    readonly askedAt: Micros
  }
}

/** A gap of known numbers. */
export type NumberGap = Gap & Required<Pick<Gap, 'numbers' | 'missing'>>

/** The missing numbers of a series, in their order. */
export interface NumberedSeries extends CoveredSeries {
  readonly gaps: readonly NumberGap[]
}

/** The stored spans of a series, and its gaps. */
export interface SeriesCoverage extends CoveredSeries {
  /** Times of the first and the last record; absent if none is stored. */
  readonly first?: Micros
  readonly last?: Micros
  /** Spans in which nothing is known to be missing. */
  readonly held: readonly Span[]
  readonly gaps: readonly Gap[]
}

/** A silence of a series with a cadence is a gap when it is longer than so many times the distance at which its records should come. */
export const SILENCE = 3
