import type { Micros } from '../../../base/types/index.ts'

/**
 * A price level in the venue's own texts. Trailing zeros stay: checksums are made of them. A size of zero removes the level. Further
 * entries (a time, a count of orders) are ignored, so that a venue's own lists can be passed on as they are.
 */
export type BookLevel = readonly [price: string, size: string, ...rest: unknown[]]

/** Levels of both sides, in any order. */
export interface BookLevels {
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
}

/** A message about one order book, as the mapper of a venue makes it from the wire. Numbers are safe integers. */
export interface BookMessage extends BookLevels {
  readonly kind: 'snapshot' | 'delta'
  /** Number of the first update in a delta (Binance `U`). */
  readonly first?: number
  /** Number of the last update in the message (Binance `u` and `lastUpdateId`, OKX `seqId`, Bybit `u`). */
  readonly last?: number
  /** Number of the update before the message (OKX `prevSeqId`, Binance futures `pu`). */
  readonly previous?: number
  /** The venue's checksum of the book after the message. */
  readonly checksum?: number
  /** The venue's time of the message. */
  readonly time?: Micros
  /** Of a snapshot: the most levels per side that it can hold. A side of this length goes on beyond its last level. */
  readonly limit?: number
}
