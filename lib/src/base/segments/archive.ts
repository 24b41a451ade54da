import type { TopicPartition } from '../types/index.ts'

/** A complete segment in a local file. */
export interface Segment extends TopicPartition {
  readonly folder: string
  /** Offsets of its first and its last record. */
  readonly first: bigint
  readonly last: bigint
  readonly rows: number
  /** The file, which the archive takes over. */
  readonly path: string
}

/** Stores segments: in a folder, or in a bucket. */
export interface SegmentArchive {
  /**
   * Stores the segment under the name of its first offset, unless one of that name exists, which then stays.
   * @returns the last offset of the stored segment
   * @throws QiError retryable for temporary failures; repeating is harmless
   */
  keep(segment: Segment): Promise<bigint>
  /** The last offset of a partition in the segments of the folder; undefined where it has none. @throws QiError */
  reach(folder: string, partition: TopicPartition): Promise<bigint | undefined>
}
