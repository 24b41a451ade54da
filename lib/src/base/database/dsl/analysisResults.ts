import type { Decimal, Micros, NumberGap, Timeframe } from '../../types/index.ts'
import type { BuiltCandle } from './candles/completeness.ts'
import type { Series } from './series.ts'

/** A candle of any length; `builtFrom`, `fromTimeframe` and `pieces` name the data it was built from. */
export type BucketedCandle = BuiltCandle

export interface BucketedCandles {
  readonly series: Series
  /** The length of the candles, as in the query. */
  readonly bucket: string
  /** Oldest first. */
  readonly candles: readonly BucketedCandle[]
  readonly otherSeries: readonly Series[]
}

export interface IndicatorPoint {
  /** The open of the candle. */
  readonly time: Micros
  /** True if the candle is closed; the value of an open candle still changes. */
  readonly isFinal: boolean
  /** True if a part of the candle is not covered; the value changes when data of that part arrives. */
  readonly partial: boolean
  /** The values by name, float64. */
  readonly values: Readonly<Record<string, number>>
}

/** An indicator over the candles of one series. Its values are computed float64, not figures of the source. */
export interface IndicatorValues {
  readonly series: Series
  readonly timeframe: Timeframe
  readonly name: string
  /** Its parameters, such as period=14. */
  readonly params: string
  readonly formula: string
  /** Candles needed before the first value. */
  readonly warmUp: number
  /** Candles that are still missing before there can be a value; 0 if there is one. */
  readonly missing: number
  /** Candles before the first point that went into its value. */
  readonly history: number
  /** True if so much history went in that its starting point no longer matters (less than one part in 10⁸). */
  readonly settled: boolean
  /** Missing candles among those used; the indicator treats the candles around a hole as adjacent. */
  readonly holes: number
  /** Closed candles with a part that is not covered; they are used as they are. */
  readonly partial: number
  /** Oldest first. */
  readonly points: readonly IndicatorPoint[]
}

export interface PriceAnomaly {
  /** The open of the candle. */
  readonly time: Micros
  readonly close: Decimal
  readonly previousClose: Decimal
  /** The distance of the two closes, in candles; 1 if no candle is missing between them. */
  readonly span: number
  readonly simulated: boolean
  /** ln(close / previous close), float64, as all figures below. */
  readonly logReturn: number
  /** Distance from the median return, in robust standard deviations; absent if no price moved in the window. */
  readonly score?: number
  /** The close that the median return would give. */
  readonly expected: number
  /** Closes from `lower` to `upper` are no anomaly. */
  readonly lower: number
  readonly upper: number
}

export interface PriceAnomalies {
  readonly series: Series
  readonly timeframe: Timeframe
  readonly window: number
  readonly threshold: number
  /** Candles that were scored. */
  readonly examined: number
  /** Closed candles left out because a part of them is not covered: their close may not be the last price of their time. */
  readonly partial: number
  /** Returns that are still missing before a candle can be scored; 0 if some were. */
  readonly missing: number
  /** Oldest first. */
  readonly anomalies: readonly PriceAnomaly[]
}

export const HEALTH = ['ok', 'stale', 'gappy', 'flawed', 'future'] as const

/** A span of time without data. */
export interface Hole {
  /** Start: the open of the first missing bar, or the time of the last row before. */
  readonly from: Micros
  /** End: the time of the next row. */
  readonly to: Micros
}

export interface SeriesHealth {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  /** The kind of data: prices, trades, or bars of a timeframe. */
  readonly kind: Timeframe | 'trades' | 'prices'
  readonly simulated: boolean
  /** Time of the oldest and of the newest stored row. */
  readonly first: Micros
  readonly last: Micros
  /** Seconds from the newest row (of bars: from its close) to the end of the range; negative if the row lies ahead. */
  readonly ageSeconds: number
  /** Rows within the range. */
  readonly rows: number
  /** Rows whose time lies more than five minutes ahead of the database's clock; they never count as the newest. */
  readonly future: number
  /** Bars only: how many there should be between the first and the last one in the range. */
  readonly expected?: number
  /** Prices and trades only: the median time between two rows, in seconds. */
  readonly intervalSeconds?: number
  /** Trades that their source numbers without gaps: how many are missing, and the ranges that miss the most. */
  readonly missing?: number
  readonly missingNumbers?: readonly NumberGap[]
  /** The number of gaps; the longest are listed. */
  readonly gaps: number
  readonly longest: readonly Hole[]
  /** Live rows that arrived after a live row with a later time. */
  readonly late: number
  /** Bars only: how many are not closed, and how many fill a bucket without trades. */
  readonly open?: number
  readonly filled?: number
  /** Bars only: how many cannot be right, such as one with high below low. */
  readonly flawed?: number
  /** Bars only: closed bars of the source that disagree with finer bars, trades or prices of their time; the newest 500 are compared. */
  readonly contradicted?: number
  readonly status: (typeof HEALTH)[number]
  /** Why the status is not ok. */
  readonly reason?: string
}
