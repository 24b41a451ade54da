import type { EncodedBatch, Message, Position } from './batch.ts'
import type { CheckResult } from './check.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface TopicDescription {
  readonly name: string
  /** Distinguishes topics of one name: of another log, or deleted and created again. */
  readonly id: string
  readonly partitions: readonly {
    readonly partition: number
    /** The oldest offset still held. */
    readonly earliest: bigint
    /** The offset that the next message will get. */
    readonly latest: bigint
  }[]
}

export interface PartitionLag extends Position {
  /** Messages appended and not yet committed by the group. `offset` is what the group committed (or the earliest). */
  readonly lag: bigint
}

export interface GroupMember {
  readonly id: string
  /** The partitions that it holds now. */
  readonly assignments: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly name: string
  /** `active` while it has members, `empty` while it has offsets alone, `rebalancing` while partitions move. */
  readonly state: 'active' | 'empty' | 'rebalancing'
  readonly members: readonly GroupMember[]
}

export interface ClusterDescription {
  /** The brokers; a single unnamed one if the log is in the store's PostgreSQL. */
  readonly brokers: readonly { readonly id: string; readonly address: string; readonly controller: boolean }[]
  /** Bytes of each topic on disk, all replicas together; absent if they may not be read. */
  readonly sizes?: ReadonlyMap<string, number>
}

export interface AppendOptions {
  readonly signal?: AbortSignal
}

export interface SubscribeOptions {
  /** Members of one group share the partitions of its topics; offsets are committed per group. */
  readonly group: string
  readonly topics: readonly string[]
  /** Where a group starts that has committed nothing. Default `earliest`. */
  readonly from?: 'earliest' | 'latest'
  /** Most bytes in one batch; a single larger message still comes. Default 1 MiB. */
  readonly maxBytes?: number
  /** Ends the subscription as close() does. */
  readonly signal?: AbortSignal
}

export interface ReadOptions {
  readonly topics: readonly string[]
  /** `latest`, `earliest`, or given positions (partitions not named start at the earliest). */
  readonly from: 'earliest' | 'latest' | readonly Position[]
  /** End when everything appended before the call has been read, instead of waiting for more. */
  readonly untilEnd?: boolean
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

/**
 * A member of a consumer group. Batches of one partition come in order; the next batch is fetched while the last is worked on,
 * within a bounded number of bytes, so pulling is the backpressure.
 */
export interface Subscription extends AsyncIterable<EncodedBatch>, AsyncDisposable {
  /** Partitions this member holds now. */
  assignments(): readonly TopicPartition[]
  /**
   * True while this member still owns the partition of a batch that it was given. False once another member has, or had, it: uncommitted
   * records are then delivered there, and working on the batch only makes repeats. Stays true while a lost place in the group may still
   * come back.
   */
  holds(batch: EncodedBatch): boolean
  /**
   * Acknowledges everything before the positions. Unacknowledged records are delivered again after a restart. A position of a partition that
   * has moved to another member is ignored: its records are delivered there again. So is one below what is committed, except after a seek.
   * @throws QiError UNAVAILABLE when the commit did not reach the stream
   */
  commit(positions: readonly Position[]): Promise<void>
  /** Yields nothing of these partitions until resumed; of all when none are named. */
  pause(partitions?: readonly TopicPartition[]): void
  resume(partitions?: readonly TopicPartition[]): void
  /** Reads on from a position, of a partition this member holds. Batches already fetched from it are dropped. */
  seek(position: Position): Promise<void>
  /** Unblocks a pending read, leaves the group and returns when done; the iteration ends. */
  close(): Promise<void>
}

/** A durable log of keyed messages in topics and partitions. */
export interface Stream extends AsyncDisposable {
  readonly engine: 'embedded' | 'redpanda'
  /** Creates what is missing; existing topics stay as they are. Default 6 partitions. */
  createTopics(names: readonly string[], options?: { readonly partitions?: number }): Promise<void>
  deleteTopics(names: readonly string[]): Promise<void>
  /** All topics, or the named ones that exist. */
  describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]>
  /**
   * Where to read what was appended at or after a moment: the first such message of each partition, or its end where there is none yet.
   * @param at milliseconds since 1970, by the clock of the log
   * @throws QiError NOT_FOUND (no such topic), UNAVAILABLE
   */
  positionsAt(topics: readonly string[], at: number): Promise<readonly Position[]>
  /**
   * Appends in order per key and returns when every message is durable on all replicas; to how far each partition was filled.
   * On failure some partitions may hold their part: the caller repeats, and the sink's primary keys make it harmless.
   * @throws QiError UNAVAILABLE, TIMEOUT, NOT_FOUND (no such topic), BAD_REQUEST (a message too large), CLOSED
   */
  append(topic: string, messages: readonly Message[], options?: AppendOptions): Promise<readonly Position[]>
  subscribe(options: SubscribeOptions): Promise<Subscription>
  /** Reads without a group and commits nothing: for tail, live subscriptions and dead letters. */
  read(options: ReadOptions): AsyncIterable<EncodedBatch>
  /** The lag of a group, per partition of every topic it has committed to. */
  lag(group: string): Promise<readonly PartitionLag[]>
  /** All groups of the log, or the named ones that exist, by name. Includes groups of other programs on the same brokers. */
  describeGroups(names?: readonly string[]): Promise<readonly GroupDescription[]>
  describeCluster(): Promise<ClusterDescription>
  /** Moves a group's committed offset while it has no members there. @throws QiError CONFLICT when it has */
  resetOffsets(group: string, positions: readonly Position[]): Promise<void>
  /** Deletes a group with its offsets while it has no members; joined again, it starts from scratch. @throws QiError NOT_FOUND, CONFLICT */
  deleteGroup(group: string): Promise<void>
  /** Exercises the real path: metadata, and where possible a write. Never throws. */
  check(): Promise<CheckResult>
  close(): Promise<void>
}
