import { decimal, ofInstrument, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const corporateActions = pgTable('corporate_actions', {
  ...ofInstrument(),
  action: text('action').notNull(),
  ratioFrom: decimal('ratio_from'),
  ratioTo: decimal('ratio_to'),
  amount: decimal('amount'),
  currency: text('currency'),
})
