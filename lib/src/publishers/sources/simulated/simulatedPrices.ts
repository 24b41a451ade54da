import type { Micros, Price } from '../../../base/index.ts'
import { COINS } from './coins.ts'
import { type SimulatedCurrency, SimulatedMarket } from './SimulatedMarket.ts'

export interface SimulatedSeries {
  readonly seed?: string
  /** The first moment, and the one after the last, in microseconds since 1970. */
  readonly from: Micros
  readonly to: Micros
  /** Between two moments, in microseconds. Default a second. */
  readonly step?: Micros
  readonly coins?: readonly string[]
  readonly currency?: SimulatedCurrency
}

/** The prices of a span, all coins of one moment after another: the same ones, for the same seed, that the source gives. */
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
