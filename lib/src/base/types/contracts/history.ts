import { type RecordName, recordTypes } from '../records/index.ts'
import type { Micros } from '../time.ts'
import type { Timeframe } from '../timeframe.ts'
import type { RecordBatch } from './recordBatch.ts'

type Types = typeof recordTypes

/** The record types that form series in time: they have coverage, and a source may have their history. */
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
  /** Distance of the wanted prices; default: the finest of the provider. */
  readonly every?: Timeframe
}

/** One kind of history that a source offers. */
export interface HistoryOffer {
  readonly type: HistoryType
  /** The length of candles, or the distance of prices; events have none. */
  readonly timeframe?: Timeframe
  /** For people: how far back, and how much in one call. */
  readonly summary: string
}

/** The first and the last of consecutive `sequence` numbers. */
export interface NumberRange {
  readonly first: number
  readonly last: number
}

/** The range of one call. */
export interface HistoryWindow extends Partial<NumberRange> {
  /** From, inclusive, to, exclusive. */
  readonly from: Micros
  readonly to: Micros
  /** About how far apart its records are, in microseconds. */
  readonly spacing: Micros
  /** The reason why the provider does not give it, if that is known without asking. */
  readonly refused?: string
}

/** The history of one source. */
export interface History extends AsyncDisposable {
  /** The default currencies, the usual one first. */
  readonly currencies: readonly string[]
  /** The currency of an instrument, where each has its own; undefined if it is not known. */
  currencyOf?(coinId: string): Promise<string | undefined>
  offers(): readonly HistoryOffer[]
  /**
   * The windows of a range, oldest first. Their edges lie on a fixed grid, except the outermost two.
   * @param numbers the missing numbers, if the series is numbered. A source that can ask by number plans windows with `first` and `last`;
   * any other plans the whole range, which contains them
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
