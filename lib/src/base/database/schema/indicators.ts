import { index, pgTable, primaryKey } from '../orm.ts'
import { float, ofInstrument, text } from './columns.ts'

export const indicators = pgTable(
  'indicators',
  {
    ...ofInstrument(),
    currency: text('currency').notNull(),
    timeframe: text('timeframe').notNull(),
    name: text('name').notNull(),
    params: text('params').notNull(),
    value: float('value').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.coinId, t.source, t.currency, t.timeframe, t.name, t.params, t.time] }),
    index('indicators_time').using('brin', t.time),
  ],
)
