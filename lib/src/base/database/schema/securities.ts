import { boolean, decimal, ofInstrument, ofMarket, text } from './columns.ts'
import { index, pgTable, primaryKey, sql } from './orm.ts'

/** Stocks, funds, bonds, indices: what is listed at an exchange and is no pair. */
export const securities = pgTable(
  'securities',
  {
    ...ofInstrument(),
    symbol: text('symbol').notNull(),
    name: text('name').notNull(),
    exchange: text('exchange'),
    tickSize: decimal('tick_size'),
    lotSize: decimal('lot_size'),
    active: boolean('active').notNull(),
    calendar: text('calendar'),
    ...ofMarket(),
  },
  (t) => [primaryKey({ columns: [t.source, t.coinId] }), index('securities_symbol').on(sql`lower(${t.symbol})`)],
)
