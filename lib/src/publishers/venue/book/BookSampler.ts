import type { Micros } from '../../../base/types/index.ts'
import type { BookFollower } from './BookFollower.ts'
import type { BookTop, OrderBook } from './OrderBook.ts'

export interface BookSamplerOptions {
  /** Shortest time between two samples; 0 samples each message. */
  readonly everyMs: number
  /** Levels per side of a sample. */
  readonly levels: number
}

/** The book at one instant. */
export interface BookSample extends BookTop {
  /** The venue's time of the last message, if it has one. */
  readonly time: Micros | undefined
  /** The venue's number of the last message, else a count of the messages applied. Grows with each sample of one connection. */
  readonly sequence: number
  /** The most levels of each side that the sample holds. */
  readonly levels: number
  /** True if numbers or a checksum prove the book; false if the connection alone does. */
  readonly verified: boolean
}

/**
 * Decides when a book becomes a record: after each resync, then every `everyMs` while it changes. Only a live and verified book is sampled,
 * so there is no record of a broken one. A book without levels, or crossed as in an auction, is not a record either.
 */
export class BookSampler {
  readonly #everyMicros: number
  readonly #levels: number
  #resyncs = 0
  #applied = 0
  #at: Micros = Number.NEGATIVE_INFINITY

  constructor({ everyMs, levels }: BookSamplerOptions) {
    this.#everyMicros = everyMs * 1000
    this.#levels = levels
  }

  /** Call after each message, and from time to time so that the last change before a quiet time is sampled. @param now local time */
  sample(follower: BookFollower, now: Micros): BookSample | undefined {
    if (!follower.verified || !isMarket(follower.book) || !this.#due(follower, now)) return undefined
    this.#resyncs = follower.resyncs
    this.#applied = follower.applied
    this.#at = now
    return {
      ...follower.book.top(this.#levels),
      time: follower.time,
      sequence: follower.last ?? follower.applied,
      levels: this.#levels,
      verified: follower.protocol.checkedByConnection !== true,
    }
  }

  #due(follower: BookFollower, now: Micros): boolean {
    if (follower.resyncs !== this.#resyncs) return true
    if (follower.applied === this.#applied) return false
    return now - this.#at >= this.#everyMicros || now < this.#at // a clock that was set back must not stop the samples
  }
}

const isMarket = (book: OrderBook): boolean => book.size.bids + book.size.asks > 0 && !book.crossed
