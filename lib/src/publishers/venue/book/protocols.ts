import { krakenChecksum, okxChecksum } from './checksums.ts'
import type { BookMessage } from './message.ts'
import type { OrderBook } from './OrderBook.ts'

/** A delta against the book: the next one, one that is in it already, or the reason why something is missing between them. */
export type Place = 'next' | 'old' | { readonly missing: string }

/** The rules by which a venue's book messages follow each other. */
export interface BookProtocol {
  readonly name: string
  /**
   * How the book is made again. `snapshot`: the caller fetches one by REST, and deltas are held until it comes. `resubscribe`: the venue sends
   * one at the start of each subscription, and deltas before it are of no use.
   */
  readonly resync: 'snapshot' | 'resubscribe'
  /** The venue keeps the best levels of the subscribed depth complete by itself. */
  readonly windowed: boolean
  /** Where a delta belongs; absent where messages of a book bear no numbers. `last` is the number of the message before. */
  readonly place?: (delta: BookMessage, last: number | undefined) => Place
  /** The book's checksum, to be compared with that of the message; absent where the venue sends none. */
  readonly checksum?: (book: OrderBook) => number
  /** A checksum that says that the venue made none. */
  readonly noChecksum?: number
  /** A delta of this number is a snapshot: the venue's service has started again. */
  readonly restartsAt?: number
  /** The feed checks the numbers of the whole connection, and calls `fail` of every book on it. */
  readonly checkedByConnection?: boolean
}

/**
 * Binance, spot and futures, and binance.us: a delta covers the updates `first` to `last`. The first one held must reach over the snapshot's
 * number, each further one must begin where the one before ended. Futures name that number (`previous`), since theirs are not consecutive.
 */
export const binanceBook: BookProtocol = { name: 'binance', resync: 'snapshot', windowed: false, place: byNumber }

/** OKX `books`: `previous` names the `last` of the message before. The checksum was in use in 2022 and is 0 today. */
export const okxBook: BookProtocol = {
  name: 'okx',
  resync: 'resubscribe',
  windowed: true,
  place: byLink,
  checksum: okxChecksum,
  noChecksum: 0,
}

/** Bybit v5 `orderbook`: each message has the number after that of the one before; number 1 is a snapshot. */
export const bybitBook: BookProtocol = { name: 'bybit', resync: 'resubscribe', windowed: true, place: byNumber, restartsAt: 1 }

/**
 * Coinbase `level2` and `level2_batch`: the book is whole as long as its connection is. Advanced numbers the messages of the connection;
 * Exchange numbers nothing, so that a message which Coinbase itself leaves out is seen only if the book is crossed by it.
 */
export const coinbaseBook: BookProtocol = {
  name: 'coinbase',
  resync: 'resubscribe',
  windowed: false,
  checkedByConnection: true,
}

/** Kraken v1 and v2 `book`: no numbers; each update has the checksum of the book after it. */
export const krakenBook: BookProtocol = { name: 'kraken', resync: 'resubscribe', windowed: true, checksum: krakenChecksum }

/** Places a delta by the span of numbers that it covers. One that overlaps the book is applied: sizes are absolute. */
function byNumber(delta: BookMessage, last: number | undefined): Place {
  if (last === undefined || delta.last === undefined) return UNNUMBERED
  if (delta.last <= last) return 'old'
  const before = delta.previous ?? (delta.first ?? delta.last) - 1
  return before <= last ? 'next' : { missing: `updates between ${last} and ${before + 1} are missing` }
}

/** Places a delta by the number that it names as its predecessor. Numbers may go down when the venue restarts its count. */
function byLink(delta: BookMessage, last: number | undefined): Place {
  if (delta.previous === undefined || last === undefined) {
    // Messages of 2022 bear no numbers; then the checksum alone decides.
    return delta.checksum ? 'next' : UNNUMBERED
  }
  if (delta.previous === last) return 'next'
  if (delta.last === last) return 'old'
  return { missing: `a message between ${last} and ${delta.last} is missing` }
}

const UNNUMBERED: Place = { missing: 'a message has no number, so nothing tells whether one is missing before it' }
