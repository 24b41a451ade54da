import { boolean, decimals, integer, ofInstrument, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const books = pgTable('books', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  sequence: integer('sequence').notNull(),
  levels: integer('levels').notNull(),
  bids: decimals('bids').notNull(),
  bidSizes: decimals('bid_sizes').notNull(),
  asks: decimals('asks').notNull(),
  askSizes: decimals('ask_sizes').notNull(),
  verified: boolean('verified').notNull(),
})
