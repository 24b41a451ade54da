import { pgTable } from '../orm.ts'
import { decimal, integer, ofInstrument, text } from './columns.ts'

/** A view over the rows and the registry of series: it takes inserts, updates and deletes as a table does, but for `on conflict`. */
export const trades = pgTable('trades', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  tradeId: text('trade_id').notNull(),
  side: text('side').notNull(),
  price: decimal('price').notNull(),
  amount: decimal('amount').notNull(),
  sequence: integer('sequence'),
})
