import type { Micros } from '../time.ts'
import type { Timeframe } from '../timeframe.ts'
import type { RecordBatch } from './source.ts'

/** The records that make up series in time, of which a source may give the past. */
export const HISTORY_TYPES = ['price', 'ohlcv'] as const
export type HistoryType = (typeof HISTORY_TYPES)[number]

/** What is asked for: the prices, or the candles of one length, of one instrument in one currency. */
export interface HistorySeries {
  readonly type: HistoryType
  readonly coinId: string
  readonly currency: string
  /** The length of the candles; prices have none. */
  readonly timeframe?: Timeframe
  /** How far apart prices are wanted; default: as close as the provider gives them. */
  readonly every?: Timeframe
}

/** What a source can give of the past. */
export interface HistoryOffer {
  readonly type: HistoryType
  /** Of candles their length, of prices how far apart. */
  readonly timeframe: Timeframe
  /** For people: how far back, and how much in one call. */
  readonly summary: string
}

/** A stretch that one call gives. */
export interface HistoryWindow {
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
   * @throws QiError UNSUPPORTED, naming what there is, for a series that the source has no past of
   */
  plan(series: HistorySeries, from: Micros, to: Micros): Iterable<HistoryWindow>
  /**
   * The records of a window, or of a part of it, in the order of time, each with the origin backfill (or simulated).
   * @throws QiError UNSUPPORTED where the provider does not give this stretch and never will; NOT_FOUND for an unknown coin
   */
  fetch(series: HistorySeries, window: HistoryWindow, signal?: AbortSignal): AsyncIterable<RecordBatch>
  close(): Promise<void>
}

/** How far apart the records of one series come while a source runs, in microseconds; absent: it gives none. */
export type Cadence = { readonly [T in HistoryType]?: Micros }
