import { EMA, MACD } from 'trading-signals'
import { count } from '../query/parameters.ts'
import { defineIndicator, SMOOTHED_PERIODS } from './define.ts'

export const macd = defineIndicator({
  name: 'macd',
  title: 'Moving average convergence / divergence',
  formula: 'MACD = EMA_fast(close) - EMA_slow(close); signal = EMA_signal(MACD); histogram = MACD - signal',
  parameters: {
    fast: count(500, 12, 'the shorter average, in candles'),
    slow: count(500, 26, 'the longer average, in candles; more than the shorter'),
    signal: count(500, 9, 'the average of the difference, in candles'),
  },
  values: { macd: 'the difference of the averages', signal: 'its average', histogram: 'the difference of the two' },
  warmUp: ({ slow, signal }) => slow + signal - 1,
  history: ({ slow, signal }) => SMOOTHED_PERIODS * (slow + signal),
  start({ fast, slow, signal }) {
    const both = new MACD(new EMA(fast), new EMA(slow), new EMA(signal))
    let differences = 0
    return ({ close }) => {
      const value = both.add(close)
      if (value === null || ++differences < signal) return undefined
      return { macd: value.macd, signal: value.signal, histogram: value.histogram }
    }
  },
})
