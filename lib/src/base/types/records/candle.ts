import { TIMEFRAMES } from '../timeframe.ts'
import { defineRecord } from './define.ts'
import { boolean, float, oneOf, optional, text } from './fields.ts'
import { ohlcv, ohlcvFields } from './ohlcv.ts'

/**
 * A candle as it is served: a stored bar, or one that was built, and how much of its time is covered. It is no record of a topic or a table;
 * files and answers of candles have its fields.
 */
export const candle = defineRecord({
  name: 'candle',
  summary: 'A candle, how much of it is covered, and what it was rolled up from',
  topic: ohlcv.topic,
  key: ['coin_id', 'source', 'currency', 'timeframe', 'time'],
  ahead: ohlcv.ahead,
  fields: {
    ...ohlcvFields,
    from_timeframe: optional(oneOf(TIMEFRAMES, 'the length of the bars it was rolled up from')),
    covered: float('the share of its time that is covered: by bars, or by trades and prices without long silences'),
    partial: boolean('whether a part of its time is not covered; of an open candle it is what is still to come'),
    flaw: optional(text('why the stored bar cannot be right, such as "high below low"; absent where nothing is wrong')),
  },
})
