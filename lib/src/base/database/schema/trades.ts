import { index, pgTable, primaryKey, sql } from '../orm.ts'
import { decimal, integer, ofInstrument, text } from './columns.ts'

export const trades = pgTable(
  'trades',
  {
    ...ofInstrument(),
    currency: text('currency').notNull(),
    tradeId: text('trade_id').notNull(),
    side: text('side').notNull(),
    price: decimal('price').notNull(),
    amount: decimal('amount').notNull(),
    sequence: integer('sequence'),
  },
  (t) => [
    primaryKey({ columns: [t.coinId, t.source, t.tradeId, t.time] }),
    // The primary key does not lead to a stretch of time.
    index('trades_series_time').on(t.coinId, t.source, t.currency, t.time),
    index('trades_sequence').on(t.coinId, t.source, t.sequence).where(sql`${t.sequence} is not null`),
    index('trades_time').using('brin', t.time),
  ],
)
