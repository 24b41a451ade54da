import type { Decimal, Quote } from '../../../types/index.ts'

/** The latest quote of one source, and its spread. */
export interface VenueSpread {
  readonly quote: Quote
  /** ask - bid, exact, in the currency of the quote; below 0 if the venue's quote is crossed. */
  readonly spread: Decimal
  /** The spread in basis points of the mid price, float64; absent if the mid price is not above 0. */
  readonly spreadBps?: number
  /** Seconds since the time of the quote, by the database's clock. */
  readonly ageSeconds: number
  /** True if the quote is older than `maxAge`: it is left out of the best. */
  readonly stale: boolean
}

/** The best bid and the best ask of all venues with one currency, or of currencies that were asked to be compared. */
export interface BestSpread {
  readonly currencies: readonly string[]
  /** The quotes that are not stale. */
  readonly venues: number
  readonly bid: Quote
  readonly ask: Quote
  /** Best bid - best ask, exact: above 0 if the bid of one venue is higher than the ask of another. */
  readonly difference: Decimal
  /** The difference in basis points of the price between the two, float64; absent if that is not above 0. */
  readonly differenceBps?: number
}

export interface Spreads {
  readonly coin: string
  /** Seconds after which a quote is stale. */
  readonly maxAge: number
  /** Ordered by coin, source and currency. */
  readonly venues: readonly VenueSpread[]
  /** One of each currency; with `like` one of USD and USDT together. */
  readonly best: readonly BestSpread[]
}
