import { boolean, decimal, ofInstrument, ofMarket, text } from './columns.ts'
import { index, pgTable, primaryKey, sql } from './orm.ts'

/** The pairs that can be traded, with their tick and lot sizes. */
export const tradingPairs = pgTable(
  'trading_pairs',
  {
    ...ofInstrument(),
    symbol: text('symbol').notNull(),
    name: text('name').notNull(),
    exchange: text('exchange'),
    base: text('base'),
    quote: text('quote'),
    tickSize: decimal('tick_size'),
    lotSize: decimal('lot_size'),
    active: boolean('active').notNull(),
    calendar: text('calendar'),
    ...ofMarket(),
  },
  (t) => [primaryKey({ columns: [t.source, t.coinId] }), index('trading_pairs_symbol').on(sql`lower(${t.symbol})`)],
)
