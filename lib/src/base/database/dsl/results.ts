import type { Instrument, MarketAnalytics, Micros, Ohlcv, Price, Timeframe } from '../../types/index.ts'
import type { Completeness } from './gather.ts'

export * from './analysisResults.ts'
export type { Completeness } from './gather.ts'

/** Part of a longer list; pass `next` as `after` to go on. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Absent on the last page. */
  readonly next?: string
}

/** The figures of one coin at one source in one currency. */
export interface Series {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  /** Whether its latest row is simulated. */
  readonly simulated: boolean
  /** Time of its latest row, in microseconds. */
  readonly latest: number
}

/** A stored price, or one that was made of the last trade of a series without prices. */
export type LatestPrice = Price & { readonly builtFrom?: 'trades' }

export interface CurrentPrice {
  /** Of the preferred series: a provider's before manual before simulated, then the one with the most recent data. */
  readonly price: LatestPrice
  /** The latest rows of the other series, in the order of preference. */
  readonly others: readonly LatestPrice[]
}

/** A candle, how much of it is covered, and the timeframe of the bars it was rolled up from; absent where it was built from prices. */
export type Candle = Ohlcv & Completeness & { readonly fromTimeframe?: Timeframe }

export interface Candles {
  /** The series that the candles are of: a provider's before manual before simulated, then the one with the most recent data. */
  readonly series: Series
  readonly timeframe: Timeframe
  /** Oldest first. */
  readonly candles: readonly Candle[]
  /** What else there is of this coin, in the order of preference: name a source or a currency to get it. */
  readonly otherSeries: readonly Series[]
}

/** The same, the candles as the JSON of a list in wire naming. */
export type CandlesJson = Omit<Candles, 'candles'> & { readonly candles: string }

/** Counts of one source and currency, computed from the latest prices. */
export interface Breadth {
  readonly source: string
  readonly currency: string
  readonly simulated: boolean
  /** Of the newest price that is counted. */
  readonly time: Micros
  readonly coins: number
  /** Coins whose 24 hour change is above, below, and exactly 0; coins without that figure are in none. */
  readonly advancers: number
  readonly decliners: number
  readonly unchanged: number
  /** Mean of the 24 hour changes, in per cent: a float64 that we computed; absent where no coin has one. */
  readonly meanChange24hPct?: number
}

export interface MarketSummary {
  /** The latest row of each source and currency. */
  readonly analytics: readonly MarketAnalytics[]
  readonly breadth: readonly Breadth[]
  readonly gainers: readonly Price[]
  readonly losers: readonly Price[]
}

export type InstrumentPage = Page<Instrument>
