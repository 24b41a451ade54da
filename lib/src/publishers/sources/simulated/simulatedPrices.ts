import type { Micros, Price } from '../../../base/types/index.ts'
import { COINS } from './coins.ts'
import { type SimulatedCurrency, SimulatedMarket } from './SimulatedMarket.ts'

export interface SimulatedSeries {
  readonly seed?: string
  /** First time, and the end (exclusive), in microseconds since 1970. */
  readonly from: Micros
  readonly to: Micros
  /** Microseconds between two prices of a coin. Default: a second. */
  readonly step?: Micros
  readonly coins?: readonly string[]
  readonly currency?: SimulatedCurrency
}

/** The prices of a time span, sorted by time, then coin: the same, for the same seed, as the source gives. */
export function* simulatedPrices({
  seed = 'qicore',
  from,
  to,
  step = 1_000_000,
  coins = COINS.map(({ id }) => id),
  currency,
}: SimulatedSeries): Generator<Price> {
  const market = new SimulatedMarket(seed, currency)
  for (let time = from; time < to; time += step) for (const coin of coins) yield market.price(coin, time, time)
}
