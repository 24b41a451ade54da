import type { PoolClient } from '../connections/pool.ts'
import { rowsTableOf } from '../tables/tables.ts'
import type { TimeTable } from './hypertables.ts'

/** Arrangement of compressed chunks: rows of a segment lie together, in this order. Together they must include the primary key. */
export const ARRANGEMENT: Readonly<Record<TimeTable, { readonly segmentBy: string; readonly orderBy: string }>> = {
  crypto_prices: { segmentBy: 'series', orderBy: 'time desc' },
  ohlcv_data: { segmentBy: 'series', orderBy: 'time desc' },
  trades: { segmentBy: 'series', orderBy: 'time desc, sequence desc, received_at desc' },
  quotes: { segmentBy: 'series', orderBy: 'time desc, sequence desc' },
  indicators: { segmentBy: 'series', orderBy: 'time desc' },
  market_analytics: { segmentBy: 'series', orderBy: 'time desc' },
  trending: { segmentBy: 'series', orderBy: 'time desc, rank' },
  alerts: { segmentBy: 'series', orderBy: 'time desc, raised_by' },
  books: { segmentBy: 'series', orderBy: 'time desc, sequence desc' },
  corporate_actions: { segmentBy: 'series', orderBy: 'time desc, action' },
  observations: { segmentBy: 'series', orderBy: 'time desc, realtime_start' },
}

/**
 * Enables compression of a table's chunks. With `after`, adds a compression policy; there must be none yet.
 * @param after age from which on a chunk is compressed, an SQL interval
 * @param every interval between runs of the policy; default: TimescaleDB's
 */
export async function enableCompression(client: PoolClient, table: TimeTable, after?: string, every?: string): Promise<void> {
  const rows = rowsTableOf(table)
  const { segmentBy, orderBy } = ARRANGEMENT[table]
  await client.query(
    `alter table ${rows} set (timescaledb.compress, timescaledb.compress_segmentby = '${segmentBy}', timescaledb.compress_orderby = '${orderBy}')`,
  )
  if (after === undefined) return
  await client.query(
    `select add_compression_policy($1::regclass, $2::interval${every === undefined ? '' : ', schedule_interval => $3::interval'})`,
    [rows, after, ...(every === undefined ? [] : [every])],
  )
}
