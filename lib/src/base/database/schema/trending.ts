import { pgTable } from '../orm.ts'
import { decimal, integer, ofInstrument } from './columns.ts'

/** A view over the rows and the registry of series: it takes inserts, updates and deletes as a table does, but for `on conflict`. */
export const trending = pgTable('trending', {
  ...ofInstrument(),
  rank: integer('rank').notNull(),
  score: decimal('score'),
  price: decimal('price'),
})
