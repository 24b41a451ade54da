import { boolean, decimal, integer, ofInstrument, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const ohlcvData = pgTable('ohlcv_data', {
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
})
