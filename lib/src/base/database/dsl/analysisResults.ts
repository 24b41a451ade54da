import type { Decimal, Micros, Timeframe } from '../../types/index.ts'
import type { NumberGap } from '../coverage/model.ts'
import type { Gathered } from './gather.ts'
import type { Series } from './results.ts'

/** A candle of any length. `builtFrom`, `fromTimeframe` and `pieces` say what it was made of. */
export type BucketedCandle = Gathered

export interface BucketedCandles {
  readonly series: Series
  /** The length of the candles, as it was asked for. */
  readonly bucket: string
  /** Oldest first. */
  readonly candles: readonly BucketedCandle[]
  readonly otherSeries: readonly Series[]
}

export interface IndicatorPoint {
  /** The open of the candle that the value belongs to. */
  readonly time: Micros
  /** Whether its candle is closed; the value of an open one still moves. */
  readonly isFinal: boolean
  /** Whether a part of its candle is not covered; the value changes when that part comes in. */
  readonly partial: boolean
  /** The values by name; float64. */
  readonly values: Readonly<Record<string, number>>
}

/** An indicator over the candles of one series. Its values are float64 that we computed, not figures of the source. */
export interface IndicatorValues {
  readonly series: Series
  readonly timeframe: Timeframe
  readonly name: string
  /** Its parameters, such as period=14. */
  readonly params: string
  readonly formula: string
  /** Candles needed before the first value. */
  readonly warmUp: number
  /** Candles that are still missing before there can be a value; 0 where there is one. */
  readonly missing: number
  /** Candles before the first point that went into it. */
  readonly history: number
  /** Whether so much history went in that the point where it began no longer shows (less than one part in 10⁸). */
  readonly settled: boolean
  /** Empty buckets among the candles used: it is computed over the candles there are, as if they were adjacent. */
  readonly holes: number
  /** Closed candles among those used of which a part is not covered; they are used as they are. */
  readonly partial: number
  /** Oldest first. */
  readonly points: readonly IndicatorPoint[]
}

export interface PriceAnomaly {
  /** The open of the candle. */
  readonly time: Micros
  readonly close: Decimal
  readonly previousClose: Decimal
  /** How many buckets lie between the two closes; 1 where no candle is missing. */
  readonly span: number
  readonly simulated: boolean
  /** ln(close / previous close); float64, as is all below. */
  readonly logReturn: number
  /** How far it lies from the median return, in robust standard deviations; absent where nothing moved in the window. */
  readonly score?: number
  /** The close that the median return would have given. */
  readonly expected: number
  /** Closes between these two would not have stood out. */
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
  /** Closed candles that were left out, since a part of them is not covered: their close may not be the last price of their time. */
  readonly partial: number
  /** Returns that are still missing before a candle can be scored; 0 where some were. */
  readonly missing: number
  /** Oldest first. */
  readonly anomalies: readonly PriceAnomaly[]
}

export const HEALTH = ['ok', 'stale', 'gappy', 'flawed', 'future'] as const

/** A stretch of time without data. */
export interface Hole {
  /** The first moment that is missing: the open of a bar, or the time of the last row before. */
  readonly from: Micros
  /** The first moment that is there again. */
  readonly to: Micros
}

export interface SeriesHealth {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  /** What it is: prices, trades, or bars of a timeframe. */
  readonly kind: Timeframe | 'trades' | 'prices'
  readonly simulated: boolean
  /** Time of the oldest and of the newest row held. */
  readonly first: Micros
  readonly last: Micros
  /** From the newest row (of a bar: its close) to the end of the stretch, in seconds; below 0 where the row lies ahead. */
  readonly ageSeconds: number
  /** Rows within the stretch. */
  readonly rows: number
  /** Rows of the series whose time lies more than five minutes ahead of the database's clock; they are never the newest. */
  readonly future: number
  /** Of bars: how many there should be between the first and the last moment of the stretch that the series covers. */
  readonly expected?: number
  /** Of prices and trades: the median of the times between two rows, in seconds. */
  readonly intervalSeconds?: number
  /** Of trades that their source numbers without a gap: how many are missing, and the ranges that miss the most. */
  readonly missing?: number
  readonly missingNumbers?: readonly NumberGap[]
  /** How many holes there are; the longest ones are listed. */
  readonly gaps: number
  readonly longest: readonly Hole[]
  /** Live rows that arrived after a live one with a later time. */
  readonly late: number
  /** Rows whose candle is not closed, or that fill a bucket in which nothing traded. */
  readonly open?: number
  readonly filled?: number
  /** Of bars: how many cannot be right, such as one whose high is below its low. */
  readonly flawed?: number
  /** Of bars: how many closed ones of the source disagree with finer bars, trades or prices of their time. At most the newest 500 are compared. */
  readonly contradicted?: number
  readonly status: (typeof HEALTH)[number]
  /** Why it is not ok. */
  readonly reason?: string
}
