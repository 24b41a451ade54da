import { decimal, integer, ofInstrument } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const trending = pgTable('trending', {
  ...ofInstrument(),
  rank: integer('rank').notNull(),
  score: decimal('score'),
  price: decimal('price'),
})
