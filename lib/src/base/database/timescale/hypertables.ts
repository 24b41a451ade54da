import type { PoolClient } from '../pool.ts'
import { rowsOf } from '../tables.ts'

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

/** Everything that is a hypertable in that layout: the bars that we roll up, too. */
export const HYPERTABLES = { ...TIME_TABLES, rollups: '30 days' } as const

/** @param filled takes the rows that are there along, which locks the table until all are moved */
export async function makeHypertable(
  client: PoolClient,
  table: keyof typeof HYPERTABLES,
  { filled = false }: { readonly filled?: boolean } = {},
): Promise<void> {
  await client.query(
    `select create_hypertable('${rowsOf(table)}', 'time', chunk_time_interval => interval '${HYPERTABLES[table]}',
      create_default_indexes => false, migrate_data => ${filled})`,
  )
}

/** Makes hypertables of the tables of records. */
export async function makeHypertables(client: PoolClient): Promise<void> {
  for (const table of Object.keys(TIME_TABLES) as TimeTable[]) await makeHypertable(client, table, { filled: true })
}
