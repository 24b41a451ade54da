import { type Book, type Decimal, decimal, type Micros, type Origin } from '../../../base/types/index.ts'
import type { BookSample } from './BookSampler.ts'

/** The facts of a record that the book itself does not know. */
export interface BookOrigin {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  readonly origin: Origin
  readonly receivedAt: Micros
}

/**
 * The record of a sample. Only here do the venue's texts become canonical decimals.
 * @param origin its `receivedAt` is the time of the record where the venue sends none
 * @throws QiError BAD_DATA if a figure has more digits than a decimal can have
 */
export function bookRecord(sample: BookSample, origin: BookOrigin): Book {
  const { bids, asks, levels, sequence, verified } = sample
  return {
    ...origin,
    time: sample.time ?? origin.receivedAt,
    sequence,
    levels,
    bids: bids.map(priceOf),
    bidSizes: bids.map(sizeOf),
    asks: asks.map(priceOf),
    askSizes: asks.map(sizeOf),
    verified,
  }
}

type Level = readonly [price: string, size: string]

const priceOf = ([price]: Level): Decimal => decimal(price)
const sizeOf = ([, size]: Level): Decimal => decimal(size)
