export type { Segment, SegmentArchive } from './archive.ts'
export {
  type CompactedDay,
  type DayArchive,
  type DayContents,
  type KeptFile,
  type KeptSegment,
  localFile,
  type OpenFile,
} from './compaction/archive.ts'
export { type CompactionOptions, compactDays, failureOf } from './compaction/compactDays.ts'
export * from './export/index.ts'
export { csv } from './formats/csv.ts'
export { COMPRESSIONS, type Compression, type SegmentFormat, synced } from './formats/format.ts'
export { json, ndjson } from './formats/ndjson.ts'
export { type BegunParquet, ParquetEncoder } from './formats/parquet/ParquetEncoder.ts'
export { parquet, parquetBytes } from './formats/parquet.ts'
export { nameOf, stemOf } from './names.ts'
export { type CollectorOptions, onDisk, type RollPolicy, SegmentCollector } from './SegmentCollector.ts'
