import { pgTable } from '../orm.ts'
import { float, ofInstrument, text } from './columns.ts'

/** A view over the rows and the registry of series: it takes inserts, updates and deletes as a table does, but for `on conflict`. */
export const indicators = pgTable('indicators', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  timeframe: text('timeframe').notNull(),
  name: text('name').notNull(),
  params: text('params').notNull(),
  value: float('value').notNull(),
})
