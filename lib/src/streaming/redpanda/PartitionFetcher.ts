import type { EncodedBatch, TopicPartition } from '../../base/index.ts'

/** A partition to read on from an offset. */
export interface Want extends TopicPartition {
  readonly offset: bigint
  /** Most bytes to bring of it, as they are on the wire; a single larger message still comes. */
  readonly wireBytes: number
  /** Messages at and after this offset are left out. */
  readonly until?: bigint | undefined
}

/** What a fetch brought for one partition. */
export interface Fetched extends TopicPartition {
  readonly batches: readonly EncodedBatch[]
  /** Where to read on; past the last batch where what follows holds no messages. */
  readonly nextOffset: bigint
  /** The offset that was asked for is no longer, or not yet, held. */
  readonly outOfRange?: boolean
}

export interface FetchLimits {
  /** Most bytes in one batch; a single larger message still comes. */
  readonly maxBytes: number
  /** Most bytes of the whole answer on the wire, likewise. */
  readonly maxAnswerBytes: number
  /** How long the broker may hold the answer back while it has nothing, in milliseconds. */
  readonly maxWaitMs: number
}

/** Reads records of partitions off the wire. It keeps no positions; one request per broker may be under way at a time. */
export interface PartitionFetcher {
  /** The partitions by the broker that leads them. @throws QiError NOT_FOUND, UNAVAILABLE */
  byLeader<P extends TopicPartition>(partitions: readonly P[]): Promise<ReadonlyMap<number, readonly P[]>>
  /** @throws QiError retryable where trying again may help; leaders are looked up anew then */
  fetch(leader: number, wants: readonly Want[], limits: FetchLimits): Promise<readonly Fetched[]>
  close(): Promise<void>
}
