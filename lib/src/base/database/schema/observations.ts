import { decimal, ofInstrument, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const observations = pgTable('observations', {
  ...ofInstrument(),
  value: decimal('value'),
  realtimeStart: text('realtime_start').notNull(),
  units: text('units').notNull(),
})
