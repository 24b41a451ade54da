import type { Ohlcv, Timeframe } from '../../../types/index.ts'

/** The fields of a candle except its length, which need not be a timeframe. */
type Figures = { readonly [K in keyof Ohlcv as string extends K ? never : K extends 'timeframe' ? never : K]: Ohlcv[K] }

/** How much of its time a candle covers. */
export interface Completeness {
  /**
   * The share of the candle's time that is covered, 0 to 1: by bars, or by trades and prices without a silence longer than a tenth of
   * the candle (at least a minute). The rest of an open candle's time is not covered. Only the hours in which its market is open count.
   */
  readonly covered: number
  /** True if `covered` is below 1. */
  readonly partial: boolean
  /** Why the stored bar cannot be right, such as "high below low". Nothing is built from such a bar. */
  readonly flaw?: string
}

/** A candle of any length, and the data that it was built from. */
export interface BuiltCandle extends Figures, Completeness {
  /** The timeframe of the bars it was rolled up from; the longest, if there are several. */
  readonly fromTimeframe?: Timeframe
  /** How many bars, trades or prices it was built from; 1 for a stored bar. */
  readonly pieces: number
}

/** The completeness of a closed bar as its source gave it. */
export const WHOLE: Completeness = { covered: 1, partial: false }
