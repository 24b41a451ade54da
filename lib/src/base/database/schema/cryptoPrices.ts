import { index, pgTable, primaryKey } from '../orm.ts'
import { decimal, ofInstrument, text } from './columns.ts'

export const cryptoPrices = pgTable(
  'crypto_prices',
  {
    ...ofInstrument(),
    currency: text('currency').notNull(),
    price: decimal('price').notNull(),
    marketCap: decimal('market_cap'),
    volume24h: decimal('volume_24h'),
    change24hPct: decimal('change_24h_pct'),
  },
  (t) => [primaryKey({ columns: [t.coinId, t.source, t.currency, t.time] }), index('crypto_prices_time').using('brin', t.time)],
)
