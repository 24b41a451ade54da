import { TIMEFRAMES } from '../timeframe.ts'
import { CLOCK_SLACK, currency, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { float, oneOf, text } from './fields.ts'

export const indicator = defineRecord({
  name: 'indicator',
  summary: 'A technical indicator at a moment; computed, so a float64',
  topic: 'crypto-indicators',
  table: 'indicators',
  key: ['coin_id', 'source', 'currency', 'timeframe', 'name', 'params', 'time'],
  ahead: CLOCK_SLACK,
  fields: {
    ...ofInstrument,
    currency: currency(),
    timeframe: oneOf(TIMEFRAMES, 'the candles it was computed from'),
    name: text('such as sma or rsi'),
    params: text('its parameters, such as period=14'),
    value: float('the value, a float64'),
  },
})
export type Indicator = RecordOf<typeof indicator>
