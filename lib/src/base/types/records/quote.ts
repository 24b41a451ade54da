import { CLOCK_SLACK, currency, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, integer } from './fields.ts'

export const quote = defineRecord({
  name: 'quote',
  summary: 'The best bid and ask of a venue (level 1)',
  topic: 'crypto-quotes',
  table: 'quotes',
  key: ['coin_id', 'source', 'time', 'sequence'],
  ahead: CLOCK_SLACK,
  series: { by: ['coin_id', 'source'], shared: ['currency'], proof: 'sessions' },
  fields: {
    ...ofInstrument,
    currency: currency(),
    sequence: integer("the venue's sequence number, or a counter within one time"),
    bid: decimalField('the best price to sell at'),
    bid_size: decimalField('units wanted there'),
    ask: decimalField('the best price to buy at'),
    ask_size: decimalField('units offered there'),
  },
})
export type Quote = RecordOf<typeof quote>
