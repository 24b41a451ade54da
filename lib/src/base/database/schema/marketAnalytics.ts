import { common, decimal, integer, text } from './columns.ts'
import { pgTable } from './orm.ts'

/** A view over the rows and the registry of series. Accepts inserts, updates and deletes like a table, without `on conflict`. */
export const marketAnalytics = pgTable('market_analytics', {
  ...common(),
  currency: text('currency').notNull(),
  totalMarketCap: decimal('total_market_cap').notNull(),
  totalVolume24h: decimal('total_volume_24h').notNull(),
  btcDominance: decimal('btc_dominance').notNull(),
  ethDominance: decimal('eth_dominance').notNull(),
  activeCoins: integer('active_coins').notNull(),
  markets: integer('markets').notNull(),
  change24hPct: decimal('change_24h_pct'),
})
