import type { Capabilities } from '../connections/capabilities.ts'
import type { Pool } from '../connections/pool.ts'
import { rowsTableOf } from '../tables/tables.ts'
import type { TableStatistics } from './TableStatistics.ts'

type Chunks = Pick<TableStatistics, 'table' | 'chunks' | 'compression' | 'rows' | 'bytes' | 'estimated'>

/** SQL for chunks, size and rows. Compressed rows are stored a thousand to a row of another table, so TimescaleDB must count them. */
const CHUNKS = (
  table: string,
): string => `select (select count(*) from timescaledb_information.chunks where hypertable_name = '${table}') as chunks,
  hypertable_size('${table}') as bytes, approximate_row_count('${table}') as rows`

const COMPRESSION = (
  table: string,
): string => `select number_compressed_chunks as compressed, before_compression_total_bytes as before,
  after_compression_total_bytes as after from hypertable_compression_stats('${table}')`

/** Rows of a larger table are estimated, not counted. */
export const COUNTED_BYTES = 32 * 1024 * 1024
/** More rows are estimated, not counted; compressed ones need little space. */
const COUNTED_ROWS = 100_000

/** Number of chunks, sizes and rows of hypertables. */
export async function chunkStatistics(
  pool: Pool,
  { compression }: Capabilities,
  tables: readonly TableStatistics['table'][],
): Promise<readonly Chunks[]> {
  return Promise.all(
    tables.map(async (table) => {
      const { rows } = await pool.query<{ chunks: string; bytes: string | null; rows: string | null }>(CHUNKS(rowsTableOf(table)))
      const estimate = Number(rows[0]?.rows ?? 0)
      const bytes = Number(rows[0]?.bytes ?? 0)
      const estimated = estimate > COUNTED_ROWS || bytes > COUNTED_BYTES
      const counted = estimated ? estimate : await count(pool, table)
      const packed = compression ? await compressed(pool, table) : undefined
      return {
        table,
        chunks: Number(rows[0]?.chunks ?? 0),
        rows: counted,
        estimated,
        bytes,
        ...(packed && { compression: packed }),
      }
    }),
  )
}

async function count(pool: Pool, table: string): Promise<number> {
  const { rows } = await pool.query<{ rows: string }>(`select count(*) as rows from ${rowsTableOf(table)}`)
  return Number(rows[0]?.rows ?? 0)
}

async function compressed(pool: Pool, table: string): Promise<Chunks['compression']> {
  const { rows } = await pool.query<{ compressed: string | null; before: string | null; after: string | null }>(
    COMPRESSION(rowsTableOf(table)),
  )
  const [row] = rows
  if (!row || !Number(row.compressed)) return undefined
  return { compressedChunks: Number(row.compressed), bytesBefore: Number(row.before), bytesAfter: Number(row.after) }
}
