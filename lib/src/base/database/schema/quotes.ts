import { index, pgTable, primaryKey } from '../orm.ts'
import { decimal, integer, ofInstrument, text } from './columns.ts'

export const quotes = pgTable(
  'quotes',
  {
    ...ofInstrument(),
    currency: text('currency').notNull(),
    sequence: integer('sequence').notNull(),
    bid: decimal('bid').notNull(),
    bidSize: decimal('bid_size').notNull(),
    ask: decimal('ask').notNull(),
    askSize: decimal('ask_size').notNull(),
  },
  (t) => [primaryKey({ columns: [t.coinId, t.source, t.time, t.sequence] }), index('quotes_time').using('brin', t.time)],
)
