import type { Store } from '../../../lib/src/base/database/index.ts'
import { type Decimal, type Micros, type Ohlcv, type Origin, type Price, parseTime } from '../../../lib/src/base/types/index.ts'

export const HOUR: Micros = 3_600_000_000
export const BEGIN = parseTime('2026-01-01T00:00:00Z')

interface Of {
  readonly coin: string
  readonly source?: string
  readonly origin?: Origin
}

/** Hourly candles with these closes, from `BEGIN` on; each opens where the one before closed. */
export const candlesOf = ({ coin, source = 'grove', origin = 'live' }: Of, closes: readonly string[], first = BEGIN): Ohlcv[] =>
  closes.map((close, i) => {
    const open = closes[i - 1] ?? close
    const [low, high] = Number(open) < Number(close) ? [open, close] : [close, open]
    return {
      coinId: coin,
      source,
      currency: 'usd',
      timeframe: '1h',
      time: first + i * HOUR,
      receivedAt: first + (i + 1) * HOUR,
      origin,
      open: open as Decimal,
      high: high as Decimal,
      low: low as Decimal,
      close: close as Decimal,
      volume: '1' as Decimal,
      isFinal: true,
      builtFrom: 'provider',
    }
  })

export const priceOf = ({ coin, source = 'grove', origin = 'live' }: Of, price: string, time: Micros): Price => ({
  coinId: coin,
  source,
  currency: 'usd',
  time,
  receivedAt: time,
  origin,
  price: price as Decimal,
})

/** Closes that go up and down by about a per cent around 100. */
export const quiet = (count: number, turn = 1): string[] =>
  Array.from({ length: count }, (_, i) => (100 + Math.sin(i * 1.7 + turn) + Math.cos(i * 0.9 * turn)).toFixed(6))

export async function store({ dsl }: Store, candles: readonly Ohlcv[], prices: readonly Price[] = []): Promise<void> {
  await dsl.storeOHLCV(candles)
  await dsl.storePrices(prices)
}
