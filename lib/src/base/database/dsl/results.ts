import type { AssetClass, Instrument, MarketAnalytics, Micros, Ohlcv, Price, Timeframe } from '../../types/index.ts'
import type { Completeness } from './candles/completeness.ts'
import type { Series } from './series.ts'

export * from './analysisResults.ts'
export type * from './books/results.ts'
export type { Completeness } from './candles/completeness.ts'
export type * from './compare/results.ts'
export type { Series } from './series.ts'
export type * from './spreads/results.ts'

/** A page of a longer list; pass `next` as `after` for the next page. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Absent on the last page. */
  readonly next?: string
}

/** A stored price, or for a series without prices one made from its last trade. */
export type LatestPrice = Price & { readonly builtFrom?: 'trades' }

export interface CurrentPrice {
  /** The latest price of the preferred series: a provider's before manual before simulated, then the newest data. */
  readonly price: LatestPrice
  /** The latest rows of the other series, in the order of preference. */
  readonly others: readonly LatestPrice[]
}

/** A candle and its completeness; `fromTimeframe` is the timeframe of the bars it was rolled up from, absent if it was not. */
export type Candle = Ohlcv & Completeness & { readonly fromTimeframe?: Timeframe }

export interface Candles {
  /** The series of the candles: a provider's before manual before simulated, then the newest data. */
  readonly series: Series
  readonly timeframe: Timeframe
  /** Oldest first. */
  readonly candles: readonly Candle[]
  /** The other series of this coin, in the order of preference: name a source or a currency to get one. */
  readonly otherSeries: readonly Series[]
}

/** {@link Candles} with the candles as the JSON text of a list in wire naming. */
export type CandlesJson = Omit<Candles, 'candles'> & { readonly candles: string }

/** How many coins of one source and currency rose and fell, computed from their latest prices. */
export interface Breadth {
  readonly source: string
  readonly currency: string
  readonly simulated: boolean
  /** Time of the newest price that is counted. */
  readonly time: Micros
  readonly coins: number
  /** Coins whose 24 hour change is above, below, and exactly 0; coins without that figure are not counted. */
  readonly advancers: number
  readonly decliners: number
  readonly unchanged: number
  /** Mean of the 24 hour changes, in per cent, float64; absent if no coin has one. */
  readonly meanChange24hPct?: number
}

/** A price with its 24 hour change. Where no price is stored, the last trade or close, and a change that is computed to six digits. */
export type MarketMover = Price & { readonly builtFrom?: 'trades' | 'candles' }

export interface MarketSummary {
  /** The latest row of each source and currency. */
  readonly analytics: readonly MarketAnalytics[]
  readonly breadth: readonly Breadth[]
  readonly gainers: readonly MarketMover[]
  readonly losers: readonly MarketMover[]
}

/** An instrument that a source lists, or that has stored data. */
export interface FoundInstrument {
  readonly coinId: string
  readonly source: string
  /** Absent if no source lists it. */
  readonly kind?: 'currency' | 'pair' | 'security'
  /** Its ticker. */
  readonly symbol?: string
  readonly name?: string
  /** The operating exchange, by its ISO 10383 code. */
  readonly mic?: string
  readonly assetClass?: AssetClass
  /** The currency of its figures, if its source lists it. */
  readonly currency?: string
  readonly timezone?: string
  /** True if prices, candles or trades of it are stored. */
  readonly stored: boolean
  /** Its place by capitalisation among the stored coins, from 1. */
  readonly rank?: number
}

export type InstrumentPage = Page<Instrument>
