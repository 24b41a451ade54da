import type { PoolClient } from '../pool.ts'
import { rowsOf } from '../tables.ts'
import type { TimeTable } from './hypertables.ts'

/**
 * How a compressed chunk is arranged: rows of one segment lie together, in this order. Every column of the primary key must be
 * in one of the two.
 */
export const ARRANGEMENT: Readonly<Record<TimeTable, { readonly segmentBy: string; readonly orderBy: string }>> = {
  crypto_prices: { segmentBy: 'series', orderBy: 'time desc' },
  ohlcv_data: { segmentBy: 'series', orderBy: 'time desc' },
  trades: { segmentBy: 'series', orderBy: 'time desc, sequence desc, received_at desc' },
  quotes: { segmentBy: 'series', orderBy: 'time desc, sequence desc' },
  indicators: { segmentBy: 'series', orderBy: 'time desc' },
  market_analytics: { segmentBy: 'series', orderBy: 'time desc' },
  trending: { segmentBy: 'series', orderBy: 'time desc, rank' },
}

/**
 * Lets the chunks of a table be compressed, and has it done by a policy where it says after how long. A policy must not be there yet.
 * @param after intervals
 */
export async function compress(client: PoolClient, table: TimeTable, after?: string, every?: string): Promise<void> {
  const rows = rowsOf(table)
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
