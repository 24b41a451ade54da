import {
  decimal,
  type Instrument,
  type MarketAnalytics,
  type Micros,
  type Ohlcv,
  type Price,
  type Trade,
} from '../../lib/src/base/types/index.ts'
import type { Random } from '../chaos/random.ts'
import { aBar, aPrice, MINUTE } from '../database/records.ts'

export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export interface Records {
  readonly trades: readonly Trade[]
  readonly prices: readonly Price[]
  readonly bars: readonly Ohlcv[]
  readonly analytics: readonly MarketAnalytics[]
  readonly instruments: readonly Instrument[]
}

const figure = (random: Random): string => `${random.integer(90, 110)}.${String(random.integer(1, 10 ** 9)).padStart(9, '0')}`

export function aTrade(random: Random, time: Micros, change: Partial<Trade> = {}): Trade {
  const [price, amount] = [decimal(figure(random)), decimal(figure(random))]
  const one = { coinId: 'traded', source: 'venue', currency: 'usd', side: 'buy' as const, origin: 'live' as const }
  return { ...one, time, receivedAt: time, tradeId: `${random.integer(0, 1e9)}`, price, amount, ...change }
}

export function bar(random: Random, time: Micros, change: Parameters<typeof aBar>[0] = {}): Ohlcv {
  const volume = random.chance(0.9) ? { volume: decimal(figure(random)), tradeCount: random.integer(1, 50) } : {}
  const [open, close] = [figure(random), figure(random)]
  return aBar({ coinId: 'barred', source: 'venue', time, open, high: '120', low: '80', close, ...volume, ...change })
}

/** Records of many weeks up to `end`, in several series: dense in some weeks, sparse in others. */
export function market(random: Random, end: Micros): Records {
  const within = (days: number) => end - random.integer(0, days * 1440) * MINUTE - random.integer(0, 60_000_000)
  const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
  return {
    trades: many(1500, () => aTrade(random, within(random.chance(0.5) ? 2 : 30))),
    prices: [
      ...many(800, () => aPrice({ coinId: 'priced', time: within(random.chance(0.5) ? 1 : 30), price: figure(random) })),
      ...many(100, () => aPrice({ coinId: 'priced', currency: 'eur', time: within(9), price: figure(random) })),
      ...many(50, (i) => aPrice({ coinId: `coin-${i % 20}`, time: within(30), price: figure(random) })).map((one) => ({
        ...one,
        change24hPct: decimal(String(random.integer(-20, 20))),
      })),
      ...many(50, () => aPrice({ coinId: 'priced', source: 'simulated', origin: 'simulated', time: within(2) })),
    ],
    bars: [
      ...many(2000, (i) => bar(random, end - (i + 1 + random.integer(0, 3)) * MINUTE, { isFinal: i > 0 })),
      ...many(400, (i) => bar(random, end - (40 + i) * DAY + HOUR)),
      ...many(100, (i) => bar(random, end - (30 * 24 + i) * HOUR, { timeframe: '1h' })),
    ],
    analytics: many(20, (i) => ({
      source: 'coingecko',
      currency: 'usd',
      time: end - i * 9 * DAY,
      receivedAt: end,
      origin: 'live' as const,
      totalMarketCap: decimal(figure(random)),
      totalVolume24h: decimal(figure(random)),
      btcDominance: decimal('50.5'),
      ethDominance: decimal('20'),
      activeCoins: 100 + i,
      markets: 10,
    })),
    instruments: many(20, (i) => ({
      coinId: `coin-${i}`,
      source: 'coingecko',
      time: end,
      receivedAt: end,
      origin: 'live' as const,
      kind: 'currency' as const,
      symbol: `c${i % 7}`,
      name: `Coin ${i}`,
    })) as Instrument[],
  }
}
