import { currency, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, oneOf, text } from './fields.ts'

export const trade = defineRecord({
  name: 'trade',
  summary: 'One trade on a venue',
  topic: 'crypto-trades',
  table: 'trades',
  key: ['coin_id', 'source', 'trade_id', 'time'],
  fields: {
    ...ofInstrument,
    currency: currency(),
    trade_id: text("the venue's id of the trade"),
    side: oneOf(['buy', 'sell', 'unknown'], "the taker's side"),
    price: decimalField('the price of one unit'),
    amount: decimalField('units traded'),
  },
})
export type Trade = RecordOf<typeof trade>
