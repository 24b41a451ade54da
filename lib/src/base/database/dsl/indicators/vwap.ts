import { VWAP } from 'trading-signals'
import { z } from 'zod'
import { ALWAYS, candleOpen, timeframeMicros, tradingDate } from '../../../types/index.ts'
import { defineIndicator } from './define.ts'

export const ANCHORS = ['day', 'week', 'range'] as const
const LENGTHS = { day: '1d', week: '1w' } as const

export const vwap = defineIndicator({
  name: 'vwap',
  title: 'Volume weighted average price',
  formula:
    'VWAP_t = Σ p · volume / Σ volume over the candles since the anchor, p = (high + low + close) / 3; candles without a volume count for nothing',
  parameters: {
    anchor: z
      .enum(ANCHORS)
      .default('day')
      .describe(
        'where it starts over: with the trading day (for crypto at midnight UTC), on Monday, or only at the start of the range',
      ),
  },
  values: { value: 'the average' },
  warmUp: () => 1,
  history: ({ anchor }, timeframe) =>
    anchor === 'range' ? 0 : Math.ceil(timeframeMicros(LENGTHS[anchor]) / timeframeMicros(timeframe)),
  start({ anchor }, calendar = ALWAYS) {
    let average = new VWAP()
    let since: number | undefined
    return ({ time, high, low, close, volume }) => {
      const open = anchor === 'range' ? 0 : candleOpen(tradingDate(calendar, time), LENGTHS[anchor])
      if (open !== since) average = new VWAP()
      since = open
      if (volume === undefined) return undefined
      average.add({ high, low, close, volume })
      const value = average.getResult()
      return value === null ? undefined : { value }
    }
  },
})
