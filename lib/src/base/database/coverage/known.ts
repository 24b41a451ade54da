import type { Calendar, CoveredSeries, Micros, NumberRange, SeriesProof, Span } from '../../types/index.ts'
import type { KnownSource, Outage } from './sources.ts'

/** A span that was requested and is empty. */
export interface SettledSpan extends Span {
  readonly reason: string
  readonly askedAt: Micros
}

/** A range of consecutive numbers, and the time span of their records. */
export interface Numbered extends Span {
  readonly numbers: NumberRange
}

/** All facts that coverage has of one series. */
export interface Known {
  readonly series: CoveredSeries
  /** The proof of its record type, given the traits of its source. */
  readonly proof: SeriesProof
  readonly first: Micros | undefined
  readonly last: Micros | undefined
  readonly held: readonly Span[]
  /** Ranges of stored numbers, by number. */
  readonly islands: readonly Numbered[]
  readonly empty: readonly SettledSpan[]
  readonly emptyNumbers: readonly (SettledSpan & Numbered)[]
  readonly requested: readonly Span[]
  readonly requestedNumbers: readonly Numbered[]
  /** The longest silence that is not a gap. */
  readonly limit: Micros
  readonly source: KnownSource | undefined
  readonly platform: KnownSource | undefined
  /** The outages that cut the series off. */
  readonly outages: readonly Outage[]
  readonly calendar: Calendar
  readonly now: Micros
}
