import type { TimeTable } from '../hypertables/hypertables.ts'

/** Result of compression. */
export interface CompressionStatistics {
  readonly compressedChunks: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

export interface TableStatistics {
  readonly table: TimeTable | 'rollups'
  /** Exact for a small table, else the database's estimate. */
  readonly rows: number
  readonly estimated: boolean
  /** Size of rows, indexes and TOAST. */
  readonly bytes: number
  /** Absent in a plain layout. */
  readonly chunks?: number
  readonly compression?: CompressionStatistics
  /** Days; absent if everything is kept. */
  readonly retentionDays?: number
  /** Days; absent without compression. */
  readonly compressAfterDays?: number
}
