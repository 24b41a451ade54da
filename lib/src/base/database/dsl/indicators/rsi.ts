import { RSI } from 'trading-signals'
import { count } from '../query/parameters.ts'
import { defineIndicator, SMOOTHED_PERIODS } from './define.ts'

export const rsi = defineIndicator({
  name: 'rsi',
  title: 'Relative strength index',
  formula:
    'RSI_t = 100 - 100 / (1 + G_t / L_t); G and L are the gains and the losses from close to close, averaged as Wilder did: the mean of the first n, then X_t = X_{t-1} + (x_t - X_{t-1}) / n. 100 where nothing was lost',
  parameters: { period: count(500, 14, 'n, in candles', 2) },
  values: { value: 'from 0 to 100' },
  warmUp: ({ period }) => period + 1,
  // Wilder's smoothing by 1/n forgets half as fast as the EMA's.
  history: ({ period }) => 2 * SMOOTHED_PERIODS * period,
  start({ period }) {
    const index = new RSI(period)
    return ({ close }) => {
      const value = index.add(close)
      return value === null ? undefined : { value }
    }
  },
})
