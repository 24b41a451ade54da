import { type Decimal, type Price, price, type Stream } from '../../../lib/src/base/types/index.ts'

const SECOND = 1_000_000
export const START = 1_750_000_000 * SECOND

/** Prices of one coin, a second apart. */
export const pricesOf = (coinId: string, figures: readonly number[], more: Partial<Price> = {}): Price[] =>
  figures.map((figure, i) => ({
    coinId,
    source: 'test',
    currency: 'usd',
    time: START + i * SECOND,
    receivedAt: START + i * SECOND,
    origin: 'live',
    price: String(figure) as Decimal,
    ...more,
  }))

export const appendPrices = (stream: Stream, prices: readonly Price[]) =>
  stream.append(
    price.topic,
    prices.map((record) => ({ key: price.messageKey(record), value: price.encode(record) })),
  )
