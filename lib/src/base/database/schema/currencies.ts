import { boolean, ofInstrument, text } from './columns.ts'
import { index, pgTable, primaryKey, sql } from './orm.ts'

/** The currencies (coins, fiat money, shares) that a source lists. */
export const currencies = pgTable(
  'currencies',
  {
    ...ofInstrument(),
    symbol: text('symbol').notNull(),
    name: text('name').notNull(),
    active: boolean('active').notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.coinId] }), index('currencies_symbol').on(sql`lower(${t.symbol})`)],
)
