import type { Capabilities, Layout, LayoutChoice } from '../connections/capabilities.ts'
import type { Pool } from '../connections/pool.ts'
import { TIME_TABLES, type TimeTable } from '../hypertables/hypertables.ts'
import type { RollupStatus } from '../rollups/Rollups.ts'
import { rowsTableOf } from '../tables/tables.ts'
import { COUNTED_BYTES, chunkStatistics } from './chunks.ts'
import type { TableStatistics } from './TableStatistics.ts'

export interface StoreStatistics {
  readonly layout: Layout
  /** Reason for the layout; a clause that follows "because". */
  readonly layoutReason: string
  /** Version of TimescaleDB; absent on plain PostgreSQL. */
  readonly timescale?: string
  readonly databaseBytes: number
  readonly tables: readonly TableStatistics[]
  readonly rollups: RollupStatus
}

/** Parts of a store that its statistics need. */
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

/** Sizes, chunks, compression, retention and rollups of a store. Fast at any size, since large tables are estimated. */
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
    [rowsTableOf(table)],
  )
  const bytes = Number(rows[0]?.bytes ?? 0)
  if (bytes > COUNTED_BYTES) return { table, rows: Number(rows[0]?.estimate), estimated: true, bytes }
  const counted = await pool.query<{ rows: string }>(`select count(*) as rows from ${rowsTableOf(table)}`)
  return { table, rows: Number(counted.rows[0]?.rows ?? 0), estimated: false, bytes }
}
