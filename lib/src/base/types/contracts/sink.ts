import type { QiError } from '../errors.ts'
import type { RecordType, RecordValues } from '../records/index.ts'
import type { EncodedBatch, Position } from './batch.ts'
import type { CheckResult } from './check.ts'
import type { TopicPartition } from './stream.ts'

/**
 * The guarantee of a sink when records are delivered again, as they are after a crash. `upsert`: the same rows are left. `exactly_once`:
 * nothing is kept twice. `at_least_once`: a repeat is kept, or sent, once more.
 */
export type Delivery = 'upsert' | 'exactly_once' | 'at_least_once'

export interface Failure {
  /** Index into what was handed to write. */
  readonly index: number
  readonly error: QiError
}

/** The place of one record in the stream; no other record ever has it. */
export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

export interface WriteResult {
  /** Records that were added, durable now. */
  readonly written: number
  /**
   * Records whose key was there already, in the sink or earlier in the same write: of the two the more final, then the later received
   * stays. They add nothing to what the sink holds. A sink that cannot tell leaves this out and counts them as written.
   */
  readonly overwritten?: number
  /** Records that can never be written as they are, in index order; the others are stored. */
  readonly failed: readonly Failure[]
}

export interface WriteOptions {
  readonly signal?: AbortSignal
  /**
   * The place of record `index` of {@link RowSink.write}: names and keys that a repeat must not change are made from it. Absent where
   * the records did not come from the stream. Encoded batches carry their places themselves.
   */
  readonly placeOf?: (index: number) => Place
}

interface SinkBase extends AsyncDisposable {
  readonly name: string
  readonly delivery: Delivery
  accepts(type: RecordType): boolean
  /** Exercises the real path. Never throws. */
  check(): Promise<CheckResult>
  close(): Promise<void>
}

/** A sink whose records are durable when a write returns: the store, a cache, a web service. */
export interface RowSink extends SinkBase {
  /**
   * @returns per record: written, overwritten, or failed with a classified error. One bad record never costs its neighbours.
   * @throws QiError retryable when the whole batch failed for a reason that may pass (the database is down): nothing is lost by
   * repeating it; any other when all is refused (a wrong password): nothing more is written until somebody has mended it
   */
  write<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult>
  /**
   * A sink that can take encoded records as they are has this too. The batches are of one topic; an index counts through them
   * in order. What does not decode is a failure with BAD_DATA.
   */
  writeEncoded?(type: RecordType, batches: readonly EncodedBatch[], options?: WriteOptions): Promise<WriteResult>
}

/**
 * A sink that collects records and seals them in segments: files, objects. Only what was sealed is acknowledged, so a segment may span
 * hours. A process that is killed leaves records to be added again, by itself or by another: a sink that promises `exactly_once` names
 * its segments by their first offset, creates and never overwrites them, and on a conflict takes over what is there.
 */
export interface SegmentSink extends SinkBase {
  openLane(lane: LaneContext): Promise<SegmentWriter>
}

/** The lane that a segment writer works for: it has its partitions to itself, and they stay with it. */
export interface LaneContext {
  /** From 0; other lanes of the process have others. */
  readonly index: number
}

/** Called by one lane, one call at a time. */
export interface SegmentWriter extends AsyncDisposable {
  /**
   * Adds the records of one partition, in order; repeats none that it has been given since the last {@link drop} of the partition. The
   * bytes may be used until it returns.
   * @returns the records that can never be written as they are
   * @throws QiError as {@link RowSink.write}; the batch is then added again
   */
  add(type: RecordType, batch: EncodedBatch): Promise<readonly Failure[]>
  /** The reason for which what was added should be sealed now; undefined: not yet, or nothing was added. */
  due(now: number): 'rows' | 'bytes' | 'age' | undefined
  /**
   * Makes durable what was added.
   * @returns the positions that may be acknowledged now
   * @throws QiError as {@link RowSink.write}; repeating is harmless
   */
  seal(signal: AbortSignal): Promise<readonly Position[]>
  /** Forgets what was added of these partitions and is not sealed: it is delivered again, here or to another. */
  drop(partitions: readonly TopicPartition[]): void
}

export type Sink = RowSink | SegmentSink

export const isSegmentSink = (sink: Sink): sink is SegmentSink => 'openLane' in sink
