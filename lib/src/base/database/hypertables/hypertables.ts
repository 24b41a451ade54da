import type { PoolClient } from '../connections/pool.ts'
import { rowsTableOf } from '../tables/tables.ts'

/** Tables of time series, with the length of a chunk: about as much as fits into memory on a busy installation. */
export const TIME_TABLES = {
  crypto_prices: '7 days',
  ohlcv_data: '30 days',
  trades: '1 day',
  quotes: '1 day',
  indicators: '30 days',
  market_analytics: '90 days',
  trending: '90 days',
  alerts: '90 days',
  books: '1 day',
  corporate_actions: '3650 days',
  observations: '3650 days',
} as const

export type TimeTable = keyof typeof TIME_TABLES

/** All hypertables of the layout, including the rolled-up bars. */
export const HYPERTABLES = { ...TIME_TABLES, rollups: '30 days' } as const

/** Converts a table. @param filled true: moves existing rows too, which locks the table until all are moved */
export async function makeHypertable(
  client: PoolClient,
  table: keyof typeof HYPERTABLES,
  { filled = false }: { readonly filled?: boolean } = {},
): Promise<void> {
  await client.query(
    `select create_hypertable('${rowsTableOf(table)}', 'time', chunk_time_interval => interval '${HYPERTABLES[table]}',
      create_default_indexes => false, migrate_data => ${filled})`,
  )
}

/** Converts all tables of records. */
export async function makeHypertables(client: PoolClient): Promise<void> {
  for (const table of Object.keys(TIME_TABLES) as TimeTable[]) await makeHypertable(client, table, { filled: true })
}
