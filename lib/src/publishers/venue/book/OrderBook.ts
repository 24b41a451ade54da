import { BookSide, type KeyedLevel } from './BookSide.ts'
import type { BookLevel, BookLevels } from './message.ts'
import { decimalsOf, isZeroSize, type PriceKey, priceKey } from './priceKey.ts'

export interface OrderBookOptions {
  /** Levels kept per side. Must be the subscribed depth where the venue sends a window, and its checksum is over that window. */
  readonly maxLevels: number
  /**
   * True (Kraken, OKX, Bybit): the venue sends the best `maxLevels` and each level that comes into them. False (Binance, Coinbase): it sends
   * changes at any price, so a level that was cut, or was in no snapshot, stays unknown.
   */
  readonly windowed: boolean
}

/** The best levels of both sides, best first, in the venue's texts. */
export interface BookTop {
  readonly bids: readonly (readonly [price: string, size: string])[]
  readonly asks: readonly (readonly [price: string, size: string])[]
}

/**
 * The order book of one instrument in memory. Prices are compared exactly; prices and sizes keep the venue's own texts, since checksums are
 * made of them. Sorted at all times: a change costs a binary search and a move of the levels that are better.
 */
export class OrderBook {
  readonly #bids: BookSide
  /** Its keys are negated, so that on both sides the best level has the greatest key. */
  readonly #asks: BookSide
  /** Decimals of the keys: the most that any price has had. */
  #scale = 0

  constructor({ maxLevels, windowed }: OrderBookOptions) {
    this.#bids = new BookSide(maxLevels, windowed)
    this.#asks = new BookSide(maxLevels, windowed)
  }

  /** Number of levels held. */
  get size(): { readonly bids: number; readonly asks: number } {
    return { bids: this.#bids.length, asks: this.#asks.length }
  }

  /** True if the best bid is not below the best ask: no continuous market is so, a wrong book often is. */
  get crossed(): boolean {
    const bid = this.#bids.best
    const ask = this.#asks.best
    return bid !== undefined && ask !== undefined && bid >= -ask
  }

  /**
   * Applies the changes of one message in their order.
   * @throws QiError BAD_DATA if a text is no decimal. The book is then partly changed: only a snapshot makes it right again.
   */
  apply({ bids, asks }: BookLevels): void {
    // Indexed, not destructured: a level is one of hundreds a second.
    for (const level of bids) {
      const key = this.#key(level[0])
      if (isZeroSize(level[1])) this.#bids.delete(key)
      else this.#bids.set(key, level[0], level[1])
    }
    for (const level of asks) {
      const key = -this.#key(level[0])
      if (isZeroSize(level[1])) this.#asks.delete(key)
      else this.#asks.set(key, level[0], level[1])
    }
    this.#bids.cut()
    this.#asks.cut()
  }

  /**
   * Replaces the book.
   * @param limit most levels per side that the snapshot can hold: a side of that length goes on beyond it. Default: all levels are there
   * @throws QiError BAD_DATA if a text is no decimal; the book is unchanged
   */
  reset({ bids, asks }: BookLevels, limit = Number.POSITIVE_INFINITY): void {
    // The scale is settled first, since keys of one scale are not keys of another.
    for (const [price] of [...bids, ...asks]) this.#key(price)
    const [keyedBids, keyedAsks] = [this.#keyed(bids, 1), this.#keyed(asks, -1)]
    this.#bids.reset(keyedBids, bids.length >= limit)
    this.#asks.reset(keyedAsks, asks.length >= limit)
  }

  /** True if the best `count` levels of both sides, or all that exist, are known. */
  knows(count: number): boolean {
    return this.#bids.knows(count) && this.#asks.knows(count)
  }

  /** The best `count` levels of each side. */
  top(count: number): BookTop {
    return { bids: this.#bids.top(count), asks: this.#asks.top(count) }
  }

  /** The levels by key: of two with one price the later counts, as in a delta. */
  #keyed(levels: readonly BookLevel[], sign: 1 | -1): KeyedLevel[] {
    const keyed = new Map<PriceKey, KeyedLevel>()
    for (const [price, size] of levels) {
      const unsigned = this.#key(price)
      const key = sign === 1 ? unsigned : -unsigned
      if (isZeroSize(size)) keyed.delete(key)
      else keyed.set(key, { key, price, size })
    }
    return [...keyed.values()]
  }

  #key(price: string): PriceKey {
    const key = priceKey(price, this.#scale)
    if (key !== undefined) return key
    const decimals = decimalsOf(price)
    this.#bids.rescale(decimals - this.#scale)
    this.#asks.rescale(decimals - this.#scale)
    this.#scale = decimals
    return priceKey(price, decimals) as PriceKey
  }
}
