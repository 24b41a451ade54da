import type { HistoryType, Micros, NumberRange, Span, Timeframe } from '../../types/index.ts'

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

/** Which series are looked at; what is left out does not restrict. */
export interface CoverageFilter {
  readonly sources?: readonly string[] | undefined
  readonly coins?: readonly string[] | undefined
  readonly currencies?: readonly string[] | undefined
  readonly types?: readonly HistoryType[] | undefined
  readonly timeframes?: readonly Timeframe[] | undefined
}

/**
 * Why something is missing: the platform did not run (`stopped`); it ran, but this source did not, or was cut off from its provider
 * (`reconnect`); both ran, or the provider was asked, and it gave nothing (`provider`); a backfill asked for it and did not end
 * (`interrupted`); it lies before the source first ran, and nobody asked for it (`unasked`).
 */
export const GAP_REASONS = ['stopped', 'reconnect', 'provider', 'interrupted', 'unasked'] as const
export type GapReason = (typeof GAP_REASONS)[number]

export interface Gap extends Span {
  readonly reason: GapReason
  /** Of a cut inside the source: how the source worded it. */
  readonly detail?: string
  /** The numbers that are missing, where the records of the series are numbered without a gap; then times are those of the neighbours. */
  readonly numbers?: NumberRange
  /** How many records these numbers are. */
  readonly missing?: number
  /** The provider was asked for it in vain; it is not asked again. */
  readonly settled?: {
    /** What the provider said, or that it gave nothing. */
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

/** What is held of a series, and what is missing. */
export interface SeriesCoverage extends CoveredSeries {
  /** The times of the first and the last record; absent where none is stored. */
  readonly first?: Micros
  readonly last?: Micros
  /** Where nothing is known to be missing. */
  readonly held: readonly Span[]
  readonly gaps: readonly Gap[]
}

/** A silence of a series with a cadence is a gap when it is longer than so many times the distance at which its records should come. */
export const SILENCE = 3
