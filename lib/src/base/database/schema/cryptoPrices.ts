import { decimal, ofInstrument, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const cryptoPrices = pgTable('crypto_prices', {
  ...ofInstrument(),
  currency: text('currency').notNull(),
  price: decimal('price').notNull(),
  marketCap: decimal('market_cap'),
  volume24h: decimal('volume_24h'),
  change24hPct: decimal('change_24h_pct'),
})
