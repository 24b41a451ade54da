import type { Store } from '../../lib/src/base/database/index.ts'
import {
  decimal,
  type Instrument,
  instrument,
  MICROS_PER_SECOND,
  type Ohlcv,
  type Price,
  type Trade,
  trade,
} from '../../lib/src/base/types/index.ts'

/** 2026-01-05T00:00:00Z, a Monday. */
const START = 1_767_571_200_000_000
const MINUTE = 60 * MICROS_PER_SECOND
/** Ids of all kinds, each with what an address must encode. The first is in schemathesis.toml. */
const COINS = ['bitcoin', 'BTC/USDT', 'öl & gas']

/** Some of everything that can be asked for: prices, bars with a hole, trades, the whole market, what is listed. */
export async function storeMarket({ dsl, timescale }: Store): Promise<void> {
  const common = (coinId: string, time: number) =>
    ({ coinId, source: 'coingecko', currency: 'usd', origin: 'live', time, receivedAt: time }) as const
  const figure = (n: number) => decimal(`${1000 + (n % 37)}.${n % 7}5`)
  const times = (count: number, step: number) => Array.from({ length: count }, (_, n) => START + n * step)

  for (const coinId of COINS) {
    const prices = times(500, 20 * MICROS_PER_SECOND).map(
      (time, n): Price => ({ ...common(coinId, time), price: figure(n), change24hPct: decimal('-1.5') }),
    )
    const trades = times(500, 7 * MICROS_PER_SECOND).map(
      (time, n): Trade => ({
        ...common(coinId, time),
        tradeId: String(n),
        side: n % 2 ? 'buy' : 'sell',
        price: figure(n),
        amount: decimal('0.5'),
      }),
    )
    const bars = (['1m', '1h'] as const).flatMap((timeframe) =>
      times(700, timeframe === '1m' ? MINUTE : 60 * MINUTE)
        .filter((_, n) => n % 100 > 3)
        .map((time, n): Ohlcv => {
          const [open, close] = [figure(n), figure(n + 1)]
          return {
            ...common(coinId, time),
            timeframe,
            open,
            high: decimal('2000'),
            low: decimal('1'),
            close,
            volume: decimal(String(n % 5)),
            isFinal: n < 600,
            builtFrom: 'provider',
          }
        }),
    )
    const { currency: _, ...listed } = common(coinId, START)
    const instruments: Instrument[] = [{ ...listed, kind: 'currency', symbol: 'twin', name: coinId, active: true }]
    await dsl.storePrices(prices)
    await dsl.storeOHLCV(bars)
    await timescale.upsert(trade, trades)
    await timescale.upsert(instrument, instruments)
  }
  const { coinId: _, ...market } = common('', START)
  await dsl.storeMarketAnalytics([
    {
      ...market,
      totalMarketCap: decimal('3000000000000'),
      totalVolume24h: decimal('90000000000'),
      btcDominance: decimal('56.5'),
      ethDominance: decimal('12.25'),
      activeCoins: 17_000,
      markets: 1_200,
    },
  ])
}
