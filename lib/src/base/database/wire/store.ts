import type { StoreStatistics } from '../statistics/storeStatistics.ts'
import type { TableStatistics } from '../statistics/TableStatistics.ts'

const tableWire = ({
  table,
  rows,
  estimated,
  bytes,
  chunks,
  compression,
  retentionDays,
  compressAfterDays,
}: TableStatistics) => ({
  table,
  rows,
  estimated,
  bytes,
  ...(chunks !== undefined && { chunks }),
  ...(compression && {
    compressed_chunks: compression.compressedChunks,
    compression_ratio: compression.bytesBefore / compression.bytesAfter,
  }),
  ...(retentionDays !== undefined && { retention_days: retentionDays }),
  ...(compressAfterDays !== undefined && { compress_after_days: compressAfterDays }),
})

/** Wire form of store statistics, the same for HTTP, `--json` and tools. */
export const storeWire = ({ layout, layoutReason, timescale, databaseBytes, tables, rollups }: StoreStatistics) => ({
  layout,
  layout_reason: layoutReason,
  ...(timescale !== undefined && { timescale }),
  database_bytes: databaseBytes,
  tables: tables.map(tableWire),
  rollups: {
    ...(rollups.keeper && { keeper: rollups.keeper }),
    pending: rollups.pending,
    lag_ms: rollups.lagMs,
  },
})
