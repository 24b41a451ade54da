import type { PoolClient } from '../pool.ts'

/** The tables that grow with time, and how much of it one chunk holds: about what fits memory at a busy installation. */
export const TIME_TABLES = {
  crypto_prices: '7 days',
  ohlcv_data: '30 days',
  trades: '1 day',
  quotes: '1 day',
  indicators: '30 days',
  market_analytics: '90 days',
  trending: '90 days',
} as const

export type TimeTable = keyof typeof TIME_TABLES

/** Makes hypertables of the new, empty tables. */
export async function makeHypertables(client: PoolClient): Promise<void> {
  for (const [table, interval] of Object.entries(TIME_TABLES))
    await client.query(
      `select create_hypertable('${table}', 'time', chunk_time_interval => interval '${interval}', create_default_indexes => false)`,
    )
}
