import { SMA } from 'trading-signals'
import { count } from '../query/parameters.ts'
import { defineIndicator } from './define.ts'

export const sma = defineIndicator({
  name: 'sma',
  title: 'Simple moving average',
  formula: 'SMA_t = (close_t + … + close_{t-n+1}) / n',
  parameters: { period: count(500, 20, 'n, in candles') },
  values: { value: 'the average' },
  warmUp: ({ period }) => period,
  history: ({ period }) => period - 1,
  start({ period }) {
    const average = new SMA(period)
    return ({ close }) => {
      const value = average.add(close)
      return value === null ? undefined : { value }
    }
  },
})
