import { float, ofInstrument, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const indicators = pgTable('indicators', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  timeframe: text('timeframe').notNull(),
  name: text('name').notNull(),
  params: text('params').notNull(),
  value: float('value').notNull(),
})
