import { decimal, integer, ofInstrument, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const quotes = pgTable('quotes', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  sequence: integer('sequence').notNull(),
  bid: decimal('bid').notNull(),
  bidSize: decimal('bid_size').notNull(),
  ask: decimal('ask').notNull(),
  askSize: decimal('ask_size').notNull(),
})
