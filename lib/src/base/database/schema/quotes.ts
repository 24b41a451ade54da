import { pgTable } from '../orm.ts'
import { decimal, integer, ofInstrument, text } from './columns.ts'

/** A view over the rows and the registry of series: it takes inserts, updates and deletes as a table does, but for `on conflict`. */
export const quotes = pgTable('quotes', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  sequence: integer('sequence').notNull(),
  bid: decimal('bid').notNull(),
  bidSize: decimal('bid_size').notNull(),
  ask: decimal('ask').notNull(),
  askSize: decimal('ask_size').notNull(),
})
