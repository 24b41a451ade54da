import { type RecordName, recordTypes } from '../records/index.ts'
import type { Micros } from '../time.ts'
import type { Timeframe } from '../timeframe.ts'
import type { RecordBatch } from './source.ts'

type Types = typeof recordTypes

/** The record types that make up series in time: coverage is kept of them, and a source may give their past. */
export type HistoryType = { [K in RecordName]: Types[K]['series'] extends undefined ? never : K }[RecordName]
export const HISTORY_TYPES = Object.values(recordTypes).flatMap(({ name, series }) => (series ? [name] : [])) as [
  HistoryType,
  ...HistoryType[],
]

/** The records of one kind, of one instrument in one currency. */
export interface HistorySeries {
  readonly type: HistoryType
  /** Empty for the whole market. */
  readonly coinId: string
  readonly currency: string
  /** The length of the candles; no other type has one. */
  readonly timeframe?: Timeframe
  /** How far apart prices are wanted; default: as close as the provider gives them. */
  readonly every?: Timeframe
}

/** What a source can give of the past. */
export interface HistoryOffer {
  readonly type: HistoryType
  /** Of candles their length, of prices how far apart; what comes when it happens has none. */
  readonly timeframe?: Timeframe
  /** For people: how far back, and how much in one call. */
  readonly summary: string
}

/** The first and the last of consecutive `sequence` numbers. */
export interface NumberRange {
  readonly first: number
  readonly last: number
}

/** A stretch that one call gives. */
export interface HistoryWindow extends Partial<NumberRange> {
  /** The first time, and the first that no longer belongs to it. */
  readonly from: Micros
  readonly to: Micros
  /** About how far apart its records are, in microseconds. */
  readonly spacing: Micros
  /** Why the provider does not give it, where that is known without asking. */
  readonly refused?: string
}

/** The past of one source. */
export interface History extends AsyncDisposable {
  /** The currencies of the figures unless others are asked for, the usual one first. */
  readonly currencies: readonly string[]
  offers(): readonly HistoryOffer[]
  /**
   * The windows of a stretch, oldest first; their edges lie on a grid that does not move, but for the outermost two.
   * @param numbers what is missing, where the numbers of the series count up. A source that can ask by number plans windows with
   * `first` and `last`; one that cannot plans the stretch, which holds them all
   * @throws QiError UNSUPPORTED, naming what there is, for a series that the source has no past of
   */
  plan(series: HistorySeries, from: Micros, to: Micros, numbers?: NumberRange): Iterable<HistoryWindow>
  /**
   * The records of a window, or of a part of it, in the order of time, each with the origin backfill (or simulated).
   * @throws QiError UNSUPPORTED where the provider does not give this stretch and never will; NOT_FOUND for an unknown coin
   */
  fetch(series: HistorySeries, window: HistoryWindow, signal?: AbortSignal): AsyncIterable<RecordBatch>
  close(): Promise<void>
}

/** How far apart the records of one series come while a source runs, in microseconds; absent: it gives none, or when they happen. */
export type Cadence = { readonly [T in HistoryType]?: Micros }

/** Traits of the series that a source gives, by its settings. */
export interface SeriesTraits {
  readonly cadence?: Cadence
  /** Types of which `sequence` grows by one from one record of an instrument to the next, so that a missing number is a missing record. */
  readonly contiguous?: readonly HistoryType[]
  /** The trading hours of its market; default 24x7. */
  readonly calendar?: string
}

/** Some of the series of a source; a part that is left out does not restrict. */
export interface StreamSeries {
  readonly type: HistoryType
  readonly coinId?: string
  readonly currency?: string
  readonly timeframe?: Timeframe
}
