import { type Micros, type Timeframe, timeframeMicros } from '../../../base/types/index.ts'
import type { Close } from './volatility.ts'

export interface BreadthPoint {
  readonly time: Micros
  readonly advancers: number
  readonly decliners: number
  readonly unchanged: number
  /** (advancers - decliners) / (coins with a previous candle), from -1 to 1. */
  readonly breadth: number
  /** The share of coins whose close is above their average, from 0 to 1; absent where no coin has an average. */
  readonly aboveAverage?: number
}

/** Fewer coins are not a market. */
const LEAST_COINS = 2

/** The breadth at each time at which two or more coins have a candle and the one before it. */
export function breadths(coins: readonly (readonly Close[])[], timeframe: Timeframe, average: number): BreadthPoint[] {
  const length = timeframeMicros(timeframe)
  const moves = new Map<Micros, { change: number; above: boolean | undefined }[]>()
  for (const candles of coins)
    for (const [i, { time, close }] of candles.entries()) {
      const before = candles[i - 1]
      if (!before || time - before.time !== length) continue
      const last = candles.slice(Math.max(0, i + 1 - average), i + 1)
      const mean = last.reduce((sum, one) => sum + one.close, 0) / last.length
      const at = moves.get(time) ?? []
      moves.set(time, [
        ...at,
        { change: Math.sign(close - before.close), above: last.length < average ? undefined : close > mean },
      ])
    }
  return [...moves]
    .filter(([, at]) => at.length >= LEAST_COINS)
    .sort(([a], [b]) => a - b)
    .map(([time, at]) => {
      const counted = (sign: number) => at.filter(({ change }) => change === sign).length
      const [advancers, decliners, unchanged] = [counted(1), counted(-1), counted(0)]
      const averaged = at.filter(({ above }) => above !== undefined)
      return {
        time,
        advancers,
        decliners,
        unchanged,
        breadth: (advancers - decliners) / at.length,
        ...(averaged.length > 0 && { aboveAverage: averaged.filter(({ above }) => above).length / averaged.length }),
      }
    })
}
