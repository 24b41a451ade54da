import type { Capabilities, Layout, LayoutChoice } from '../capabilities.ts'
import type { Pool } from '../pool.ts'
import type { RollupStatus } from '../rollups/Rollups.ts'
import { rowsOf } from '../tables.ts'
import { TIME_TABLES, type TimeTable } from '../timescale/hypertables.ts'
import { COUNTED_BYTES, chunkStatistics } from './chunks.ts'

/** How compression has done, where there is any. */
export interface CompressionStatistics {
  readonly compressedChunks: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

export interface TableStatistics {
  readonly table: TimeTable | 'rollups'
  /** Exact for a small table, else as the database estimates it. */
  readonly rows: number
  readonly estimated: boolean
  /** Of rows, indexes and what is stored aside. */
  readonly bytes: number
  /** Absent where the layout has none. */
  readonly chunks?: number
  readonly compression?: CompressionStatistics
  /** Days; absent where everything is kept. */
  readonly retentionDays?: number
  /** Days; absent where nothing is compressed. */
  readonly compressAfterDays?: number
}

export interface StoreStatistics {
  readonly layout: Layout
  /** Why it is that one; goes behind "because". */
  readonly layoutReason: string
  /** Version of TimescaleDB; absent on plain PostgreSQL. */
  readonly timescale?: string
  readonly databaseBytes: number
  readonly tables: readonly TableStatistics[]
  readonly rollups: RollupStatus
}

/** What the statistics are of. */
export interface MeasuredStore {
  readonly pool: Pool
  readonly capabilities: Capabilities
  readonly layout: LayoutChoice
  readonly rollups: { status(): Promise<RollupStatus> }
  readonly timescale: {
    readonly policies: {
      retention(): Promise<Partial<Record<TimeTable, number>>>
      compression(): Promise<Partial<Record<TimeTable, number>>>
    }
  }
}

const TABLES = [...(Object.keys(TIME_TABLES) as TimeTable[]), 'rollups'] as const

/** Sizes, chunks, compression, retention and rollups of a store; a moment's work however large it is. */
export async function storeStatistics({
  pool,
  capabilities,
  layout: { layout, reason },
  rollups,
  timescale,
}: MeasuredStore): Promise<StoreStatistics> {
  const chunked = layout === 'hypertables' && capabilities.hypertables
  const [sizes, retention, compression, rolled, database] = await Promise.all([
    chunked ? chunkStatistics(pool, capabilities, TABLES) : Promise.all(TABLES.map((table) => measure(pool, table))),
    timescale.policies.retention(),
    timescale.policies.compression(),
    rollups.status(),
    pool.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes'),
  ])
  const tables = sizes.map((size): TableStatistics => {
    const table = size.table as TimeTable
    return {
      ...size,
      ...(retention[table] !== undefined && { retentionDays: retention[table] }),
      ...(compression[table] !== undefined && { compressAfterDays: compression[table] }),
    }
  })
  return {
    layout,
    layoutReason: reason,
    ...(capabilities.timescale !== undefined && { timescale: capabilities.timescale }),
    databaseBytes: Number(database.rows[0]?.bytes ?? 0),
    tables,
    rollups: rolled,
  }
}

async function measure(pool: Pool, table: TableStatistics['table']): Promise<TableStatistics> {
  const { rows } = await pool.query<{ bytes: string; estimate: string }>(
    `select coalesce(sum(pg_total_relation_size(c.oid)), 0) as bytes, coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint as estimate
     from pg_class as c where c.oid = $1::regclass`,
    [rowsOf(table)],
  )
  const bytes = Number(rows[0]?.bytes ?? 0)
  if (bytes > COUNTED_BYTES) return { table, rows: Number(rows[0]?.estimate), estimated: true, bytes }
  const counted = await pool.query<{ rows: string }>(`select count(*) as rows from ${rowsOf(table)}`)
  return { table, rows: Number(counted.rows[0]?.rows ?? 0), estimated: false, bytes }
}
