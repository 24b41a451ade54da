import { EMA } from 'trading-signals'
import { count } from '../query/parameters.ts'
import { defineIndicator, SMOOTHED_PERIODS } from './define.ts'

export const ema = defineIndicator({
  name: 'ema',
  title: 'Exponential moving average',
  formula: 'EMA_t = a · close_t + (1 - a) · EMA_{t-1}, a = 2 / (n + 1); it begins with the first close read',
  parameters: { period: count(500, 20, 'n, in candles') },
  values: { value: 'the average' },
  warmUp: ({ period }) => period,
  history: ({ period }) => SMOOTHED_PERIODS * period,
  start({ period }) {
    const average = new EMA(period)
    return ({ close }) => {
      const value = average.add(close)
      return average.isStable && value !== null ? { value } : undefined
    }
  },
})
