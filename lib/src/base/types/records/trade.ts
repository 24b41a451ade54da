import { CLOCK_SLACK, currency, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, integer, oneOf, optional, text } from './fields.ts'

export const trade = defineRecord({
  name: 'trade',
  summary: 'One trade on a venue',
  topic: 'crypto-trades',
  table: 'trades',
  key: ['coin_id', 'source', 'trade_id', 'time'],
  ordersByArrival: true,
  ahead: CLOCK_SLACK,
  series: { by: ['coin_id', 'source', 'currency'], proof: 'sequence' },
  fields: {
    ...ofInstrument,
    currency: currency(),
    trade_id: text("the venue's id of the trade"),
    side: oneOf(['buy', 'sell', 'unknown'], "the taker's side"),
    price: decimalField('the price of one unit'),
    amount: decimalField('units traded'),
    sequence: optional(integer("the venue's number of the trade: it orders the trades of one moment")),
  },
})
export type Trade = RecordOf<typeof trade>

const WHOLE = /^\d{1,16}$/

/** The sequence that an id tells: a whole number without a sign that a number holds exactly. Undefined for any other id. */
export function sequenceOf(tradeId: string): number | undefined {
  if (!WHOLE.test(tradeId)) return undefined
  const sequence = Number(tradeId)
  return Number.isSafeInteger(sequence) ? sequence : undefined
}
