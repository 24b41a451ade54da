import { TIMEFRAMES } from '../timeframe.ts'
import { CLOCK_SLACK, currency, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { boolean, decimalField, integer, oneOf, optional } from './fields.ts'

/** The material of a candle; `filled` bars repeat the last close where nothing traded. */
export const BUILT_FROM = ['provider', 'trades', 'prices', 'candles', 'filled'] as const

/** The fields of a candle. */
export const ohlcvFields = {
  ...ofInstrument,
  currency: currency(),
  timeframe: oneOf(TIMEFRAMES, 'the length of the candle'),
  open: decimalField('the first price'),
  high: decimalField('the highest price'),
  low: decimalField('the lowest price'),
  close: decimalField('the last price'),
  volume: optional(decimalField('the amount traded')),
  trade_count: optional(integer('how many trades')),
  is_final: boolean('whether the candle is closed'),
  built_from: oneOf(BUILT_FROM, 'what it was made of'),
}

export const ohlcv = defineRecord({
  name: 'ohlcv',
  summary: 'A candle: open, high, low, close and volume of one timeframe; its time is its UTC open',
  topic: 'crypto-ohlcv',
  table: 'ohlcv_data',
  key: ['coin_id', 'source', 'currency', 'timeframe', 'time'],
  // Its time is its open: a candle is valid as soon as that has come.
  ahead: CLOCK_SLACK,
  series: { by: ['coin_id', 'source', 'currency', 'timeframe'], proof: 'timeframe' },
  fields: ohlcvFields,
})
export type Ohlcv = RecordOf<typeof ohlcv>
