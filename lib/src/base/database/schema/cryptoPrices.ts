import { pgTable } from '../orm.ts'
import { decimal, ofInstrument, text } from './columns.ts'

/** A view over the rows and the registry of series: it takes inserts, updates and deletes as a table does, but for `on conflict`. */
export const cryptoPrices = pgTable('crypto_prices', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  price: decimal('price').notNull(),
  marketCap: decimal('market_cap'),
  volume24h: decimal('volume_24h'),
  change24hPct: decimal('change_24h_pct'),
})
