import type { QiError } from '../errors.ts'
import type { Span } from '../spans.ts'
import type { Micros } from '../time.ts'
import type { Timeframe } from '../timeframe.ts'
import type { CoverageFilter, CoveredSeries } from './coverage.ts'
import type { HistorySeries, HistoryType, NumberRange } from './history.ts'

/** A request for history: of coins from a moment on, or of gaps. */
export type BackfillRequest = (
  | {
      /** The source's ids. */
      readonly coins: readonly string[]
      readonly source: string
      /** Default: the first configured one of the source. */
      readonly currencies?: readonly string[] | undefined
      /** Default: candles if `timeframe` is given, else prices. */
      readonly type?: HistoryType | undefined
      /** The length of candles. */
      readonly timeframe?: Timeframe | undefined
      /** Distance of the wanted prices; default: the finest of the provider. */
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
  /** True: asks again for ranges that the provider had nothing of. */
  readonly retry?: boolean | undefined
}

/** The ranges to fetch of one series. */
export interface BackfillTask {
  readonly source: string
  readonly covered: CoveredSeries
  readonly series: HistorySeries
  readonly spans: readonly Span[]
  /** Missing records by number, each range with the span of time that contains it. */
  readonly numbered: readonly (Span & NumberRange)[]
}

/** Progress after one call. */
export interface BackfillProgress {
  readonly task: BackfillTask
  /** The window that was just finished. */
  readonly window: Span
  readonly calls: number
  /** Planned calls, made ones included; without windows that turn out to be stored. */
  readonly callsInAll: number
  /** Records stored so far, each key once. */
  readonly records: number
  /** Records with a key that came before in this run. */
  readonly overwritten: number
  /** The reason why the window, or a part of it, is empty. */
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
  /** Records with a key that came before in this run. */
  readonly overwritten: number
  /** Ranges that the provider has nothing of; recorded, and not asked for again. */
  readonly empty: readonly { readonly task: BackfillTask; readonly span: Span; readonly reason: string }[]
  /** Series that failed, such as those of an unknown coin; the others are done. */
  readonly failures: readonly BackfillFailure[]
}

export interface BackfillRunOptions {
  /** Stops after the calls in progress; the next run continues there. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: BackfillProgress) => void
}
