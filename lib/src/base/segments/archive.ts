import type { TopicPartition } from '../types/index.ts'

/** A segment that is complete and lies in a file of this machine. */
export interface Segment extends TopicPartition {
  readonly folder: string
  /** Offsets of its first and its last record. */
  readonly first: bigint
  readonly last: bigint
  readonly rows: number
  /** The file; it is the archive's from now on. */
  readonly path: string
}

/** Where segments are kept: a folder, a bucket. */
export interface SegmentArchive {
  /**
   * Keeps the segment under the name of its first offset, unless there is one of that name: the first that came stays.
   * @returns the last offset of the one that is kept now
   * @throws QiError retryable where that may pass; repeating is harmless
   */
  keep(segment: Segment): Promise<bigint>
  /** The last offset of a partition that segments of the folder hold; undefined where there are none. @throws QiError */
  reach(folder: string, partition: TopicPartition): Promise<bigint | undefined>
}
