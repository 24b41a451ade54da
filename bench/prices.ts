import { decimal, type Price } from '../lib/src/base/types/index.ts'

export const COINS = 200
export const START = Date.UTC(2025, 0, 1) * 1000

/** Distinct price records over 200 coins, in the order of time: each coin once a second. */
export function* prices(count: number, from = 0): Generator<Price> {
  for (let i = from; i < count; i++) {
    const time = START + Math.floor(i / COINS) * 1_000_000
    yield {
      coinId: `coin-${i % COINS}`,
      source: 'bench',
      time,
      receivedAt: time + 250_000,
      origin: 'replay',
      currency: 'usd',
      price: decimal(`${1 + (i % COINS)}.${String((i * 7919) % 100_000_000).padStart(8, '0')}`),
      marketCap: decimal(`${1_000_000_000 + i}`),
      volume24h: decimal(`${1_000_000 + (i % 977)}.25`),
      change24hPct: decimal(`${(i % 2000) - 1000}.125`),
    }
  }
}

/** The same keys as they were a minute before, so that every record overwrites a row. */
export const older = {
  name: 'older',
  of: (price: Price): Price => ({ ...price, price: decimal('1'), receivedAt: price.receivedAt - 60_000_000 }),
}
