import { boolean, ofInstrument, text } from './columns.ts'
import { pgTable, primaryKey } from './orm.ts'

/** The exchanges that a source lists; `coin_id` is the source's id of the exchange. */
export const exchanges = pgTable(
  'exchanges',
  {
    ...ofInstrument(),
    symbol: text('symbol').notNull(),
    name: text('name').notNull(),
    active: boolean('active').notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.coinId] })],
)
