import type { Decimal, Micros, Timeframe } from '../../../types/index.ts'
import type { SeriesKey } from '../series.ts'

/** One series of an asset: its price now, and its candles of the range. */
export interface ComparedSeries extends SeriesKey {
  readonly simulated: boolean
  /** The latest price, trade or close; absent if the range has no candle and nothing newer is stored. */
  readonly price?: Decimal
  readonly builtFrom?: 'prices' | 'trades' | 'candles'
  /** The time of the price; of a close the end of its candle, or now while it is open. */
  readonly time?: Micros
  /** Seconds since that time. */
  readonly ageSeconds?: number
  /** True if the price is older than `maxAge`, or there is none: it is not compared. */
  readonly stale: boolean
  /** Whole candles of the range. */
  readonly candles: number
}

/** One series beside the reference of its currency. Basis points are of the reference's figure, above 0 where the other is higher, float64. */
export interface ComparedPair {
  readonly reference: SeriesKey
  readonly other: SeriesKey
  /** The other's price - the reference's, exact; absent if one of the two is stale. */
  readonly difference?: Decimal
  readonly differenceBps?: number
  /** Candles that both have wholly: the figures below are of their closes, and absent if there is none. */
  readonly candles: number
  /** Whole candles between the first and the last common one that only one of the two has. */
  readonly onlyReference: number
  readonly onlyOther: number
  readonly meanBps?: number
  /** The median of the differences without their sign. */
  readonly medianBps?: number
  readonly greatest?: { readonly time: Micros; readonly bps: number; readonly reference: Decimal; readonly other: Decimal }
  /** Pearson's r of the log returns between common candles; absent for fewer than 3 returns, or if one of the two did not move. */
  readonly correlation?: number
}

export interface Comparison {
  readonly coin: string
  readonly timeframe: Timeframe
  /** Seconds after which a price is stale. */
  readonly maxAge: number
  /** In the order of preference, currency by currency. */
  readonly series: readonly ComparedSeries[]
  /** Each series but the references, beside the reference of its currency. */
  readonly pairs: readonly ComparedPair[]
}
