import { index, pgTable, primaryKey } from '../orm.ts'
import { boolean, decimal, integer, ofInstrument, text } from './columns.ts'

export const ohlcvData = pgTable(
  'ohlcv_data',
  {
    ...ofInstrument(),
    currency: text('currency').notNull(),
    timeframe: text('timeframe').notNull(),
    open: decimal('open').notNull(),
    high: decimal('high').notNull(),
    low: decimal('low').notNull(),
    close: decimal('close').notNull(),
    volume: decimal('volume'),
    tradeCount: integer('trade_count'),
    isFinal: boolean('is_final').notNull(),
    builtFrom: text('built_from').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.coinId, t.source, t.currency, t.timeframe, t.time] }),
    index('ohlcv_data_time').using('brin', t.time),
  ],
)
