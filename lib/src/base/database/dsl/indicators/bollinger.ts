import { BollingerBands } from 'trading-signals'
import { z } from 'zod'
import { count } from '../query/parameters.ts'
import { defineIndicator } from './define.ts'

export const bollinger = defineIndicator({
  name: 'bollinger',
  title: 'Bollinger bands',
  formula:
    'middle = SMA_n(close); upper, lower = middle ± k · s, s² = the mean of (close - middle)² over the n candles (divided by n)',
  parameters: {
    period: count(500, 20, 'n, in candles', 2),
    deviations: z.coerce.number().positive().max(100).default(2).describe('k, how many standard deviations'),
  },
  values: { lower: 'the lower band', middle: 'the average', upper: 'the upper band' },
  warmUp: ({ period }) => period,
  history: ({ period }) => period - 1,
  start({ period, deviations }) {
    const bands = new BollingerBands(period, deviations)
    return ({ close }) => {
      const value = bands.add(close)
      return value === null ? undefined : { lower: value.lower, middle: value.middle, upper: value.upper }
    }
  },
})
