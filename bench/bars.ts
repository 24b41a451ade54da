import { decimal, type Ohlcv, type Timeframe, timeframeMicros } from '../lib/src/base/types/index.ts'
import { COINS, START } from './prices.ts'

export const MINUTE = 60_000_000

export interface BarOptions {
  readonly timeframe: Timeframe
  /** The first that is left out. */
  readonly count: number
  /** The first that is in; default 0. */
  readonly from?: number
  /** Over how many coins they are spread; default: those of the prices. */
  readonly coins?: number
}

/** Distinct bars, in the order of time, without a hole. */
export function* bars({ timeframe, count, from = 0, coins = COINS }: BarOptions): Generator<Ohlcv> {
  const length = timeframeMicros(timeframe)
  for (let i = from; i < count; i++) {
    const time = START + Math.floor(i / coins) * length
    const open = 100 + (i % coins) + ((i * 7919) % 1_000_000) / 1_000_000
    const figure = (value: number) => decimal(value.toFixed(8))
    yield {
      coinId: `coin-${i % coins}`,
      source: 'bench',
      time,
      receivedAt: time + length + 250_000,
      origin: 'backfill',
      currency: 'usd',
      timeframe,
      open: figure(open),
      high: figure(open + 1.25),
      low: figure(open - 1.5),
      close: figure(open + 0.125),
      volume: figure(12.5 + (i % 977)),
      tradeCount: 17 + (i % 977),
      isFinal: true,
      builtFrom: 'provider',
    }
  }
}

/** Writes them by twenty thousand. */
export async function inBatches<T>(all: Iterable<T>, write: (batch: readonly T[]) => Promise<unknown>): Promise<void> {
  let batch: T[] = []
  for (const one of all) {
    batch.push(one)
    if (batch.length < 20_000) continue
    await write(batch)
    batch = []
  }
  if (batch.length > 0) await write(batch)
}
