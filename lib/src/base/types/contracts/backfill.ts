import type { CoverageFilter, CoveredSeries } from '../../database/index.ts'
import type { QiError } from '../errors.ts'
import type { Span } from '../spans.ts'
import type { Micros } from '../time.ts'
import type { Timeframe } from '../timeframe.ts'
import type { HistorySeries, HistoryType, NumberRange } from './history.ts'

/** History to be taken: of coins from a moment on, or whatever is missing. */
export type BackfillRequest = (
  | {
      /** The source's ids. */
      readonly coins: readonly string[]
      readonly source: string
      /** Default: the first that the source is set to. */
      readonly currencies?: readonly string[] | undefined
      /** Default: candles where `timeframe` names their length, else prices. */
      readonly type?: HistoryType | undefined
      /** The length of candles. */
      readonly timeframe?: Timeframe | undefined
      /** How far apart prices are wanted; default: as close as the provider gives them. */
      readonly every?: Timeframe | undefined
      readonly from: Micros
      /** Default: now. */
      readonly to?: Micros | undefined
    }
  | {
      /** The gaps of these series, between these times. */
      readonly gaps: CoverageFilter
      readonly from?: Micros | undefined
      readonly to?: Micros | undefined
    }
) & {
  /** Asks again for what the provider had nothing of. */
  readonly retry?: boolean | undefined
}

/** What of one series is to be fetched. */
export interface BackfillTask {
  readonly source: string
  readonly covered: CoveredSeries
  readonly series: HistorySeries
  readonly spans: readonly Span[]
  /** Records that are missing by their numbers; the stretch of each holds them. */
  readonly numbered: readonly (Span & NumberRange)[]
}

/** Told after each call. */
export interface BackfillProgress {
  readonly task: BackfillTask
  /** What was just settled. */
  readonly window: Span
  readonly calls: number
  /** Calls planned in all, with those made; what turns out to be held already is not among them. */
  readonly callsInAll: number
  /** Records stored so far, each key once. */
  readonly records: number
  /** Records that the provider gave of a key that it had given before in this run: they add nothing. */
  readonly overwritten: number
  /** Why the provider gave nothing of the window, or of a part of it. */
  readonly missing?: string
}

export interface BackfillFailure {
  readonly task: BackfillTask
  readonly error: QiError
}

export interface BackfillResult {
  readonly calls: number
  /** Records stored, each key once. */
  readonly records: number
  /** Records of a key that the run had already: they add nothing. */
  readonly overwritten: number
  /** Stretches that the provider has nothing of; recorded, and not asked for again. */
  readonly empty: readonly { readonly task: BackfillTask; readonly span: Span; readonly reason: string }[]
  /** Series that could not be had, such as those of an unknown coin; the others are done. */
  readonly failures: readonly BackfillFailure[]
}

export interface BackfillRunOptions {
  /** Stops after what is under way; the next run goes on there. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: BackfillProgress) => void
}
