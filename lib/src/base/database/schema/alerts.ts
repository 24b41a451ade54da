import { decimal, ofInstrument, text, time } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const alerts = pgTable('alerts', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  name: text('name').notNull(),
  raisedBy: text('raised_by').notNull(),
  severity: text('severity').notNull(),
  value: decimal('value'),
  message: text('message').notNull(),
  asOf: time('as_of').notNull(),
  clearedAt: time('cleared_at'),
})
