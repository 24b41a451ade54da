import type { Book, Decimal } from '../../../types/index.ts'

/** A price of a book. */
export interface BookLevel {
  readonly price: Decimal
  readonly size: Decimal
  /** The exact sum of the sizes from the best price to this one. */
  readonly total: Decimal
}

/** A stored order book. */
export interface OrderBook {
  /** The record, with all levels that were stored. */
  readonly book: Book
  /** The highest first; as many levels as were asked for. */
  readonly bids: readonly BookLevel[]
  /** The lowest first. */
  readonly asks: readonly BookLevel[]
  /** Best ask - best bid, exact; absent if a side is empty. */
  readonly spread?: Decimal
  /** The spread in basis points of the mid price, float64; absent if a side is empty or the mid price is not above 0. */
  readonly spreadBps?: number
  /** Seconds from the time of the book to the time that was asked for, or to now by the database's clock. */
  readonly ageSeconds: number
  /** Other series of the coin with a book at that time. */
  readonly others: readonly { readonly source: string; readonly currency: string }[]
}
