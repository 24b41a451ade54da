import { decimal, integer, ofInstrument, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const trades = pgTable('trades', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  tradeId: text('trade_id').notNull(),
  side: text('side').notNull(),
  price: decimal('price').notNull(),
  amount: decimal('amount').notNull(),
  sequence: integer('sequence'),
})
