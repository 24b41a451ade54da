import { pgTable, primaryKey } from '../orm.ts'
import { decimal, integer, ofInstrument } from './columns.ts'

export const trending = pgTable(
  'trending',
  {
    ...ofInstrument(),
    rank: integer('rank').notNull(),
    score: decimal('score'),
    price: decimal('price'),
  },
  (t) => [primaryKey({ columns: [t.source, t.time, t.rank] })],
)
