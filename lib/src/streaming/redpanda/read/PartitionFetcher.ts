import type { EncodedBatch, TopicPartition } from '../../../base/types/index.ts'

/** A partition to fetch, from an offset on. */
export interface Want extends TopicPartition {
  readonly offset: bigint
  /** Most bytes of it, compressed; a single larger message still comes. */
  readonly wireBytes: number
  /** Messages from this offset on are left out. */
  readonly until?: bigint | undefined
}

/** The result of a fetch for one partition. */
export interface Fetched extends TopicPartition {
  readonly batches: readonly EncodedBatch[]
  /** The next offset to fetch; beyond the last batch if what follows holds no messages. */
  readonly nextOffset: bigint
  /** True if the requested offset was deleted or does not exist yet. */
  readonly outOfRange?: boolean
}

export interface FetchLimits {
  /** Most bytes in one batch; a single larger message still comes. */
  readonly maxBytes: number
  /** Most bytes of the whole answer, compressed; a single larger message still comes. */
  readonly maxAnswerBytes: number
  /** How long the broker may delay its answer while it has no messages, in milliseconds. */
  readonly maxWaitMs: number
}

/** Fetches records from brokers. It keeps no positions. At most one request per broker may be in flight. */
export interface PartitionFetcher {
  /** Groups partitions by the broker that leads them. @throws QiError NOT_FOUND, UNAVAILABLE */
  byLeader<P extends TopicPartition>(partitions: readonly P[]): Promise<ReadonlyMap<number, readonly P[]>>
  /** @throws QiError; after one that is retryable the leaders are looked up again */
  fetch(leader: number, wants: readonly Want[], limits: FetchLimits): Promise<readonly Fetched[]>
  close(): Promise<void>
}
