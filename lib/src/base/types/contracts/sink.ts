import type { QiError } from '../errors.ts'
import type { RecordType, RecordValues } from '../records/index.ts'
import type { EncodedBatch, Position } from './batch.ts'
import type { CheckResult } from './check.ts'
import type { TopicPartition } from './stream.ts'

/**
 * The guarantee of a sink when records are delivered again, as after a crash. `upsert`: the rows stay the same. `exactly_once`: no record is
 * kept twice. `at_least_once`: a repeat is kept, or sent, again.
 */
export type Guarantee = 'upsert' | 'exactly_once' | 'at_least_once'

export interface Failure {
  /** Index in the written records. */
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
   * Records whose key was already in the sink, or earlier in the same write: the more final one, then the later received one stays. A sink
   * that cannot tell leaves this out and counts them as written.
   */
  readonly overwritten?: number
  /** Records that can never be written as they are, in index order; the others are stored. */
  readonly failed: readonly Failure[]
}

export interface WriteOptions {
  readonly signal?: AbortSignal
  /**
   * The place of record `index` of {@link RowSink.write}, for names and keys that must be the same in a repeat. Absent if the records did not
   * come from the stream. Encoded batches carry their places themselves.
   */
  readonly placeOf?: (index: number) => Place
}

interface SinkBase extends AsyncDisposable {
  readonly name: string
  readonly guarantee: Guarantee
  accepts(type: RecordType): boolean
  /** Exercises the real path. Never throws. */
  check(): Promise<CheckResult>
  /**
   * Sends something visible that is no record: a message, a ping. Left out if {@link check} shows as much. Never throws.
   */
  test?(signal?: AbortSignal): Promise<CheckResult>
  close(): Promise<void>
}

/** A sink whose records are durable when a write returns: the store, a cache, a web service. */
export interface RowSink extends SinkBase {
  /**
   * @returns per record: written, overwritten, or failed with a classified error. One bad record never costs its neighbours.
   * @throws QiError retryable if the whole batch failed for now (the database is down): it is retried; not retryable if everything is refused
   * (a wrong password): no more is written until a user has fixed it
   */
  write<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult>
  /**
   * For a sink that takes encoded records as they are. The batches are of one topic; an index counts through them in order. A value that
   * does not decode is a failure with BAD_DATA.
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
  /**
   * Makes one sorted file of the segments of each day that is over. Left out where the type cannot. One process of a destination is at it
   * at a time.
   * @throws QiError CONFLICT where another is at it, CANCELLED by the signal
   */
  compact?(options: CompactOptions): Promise<CompactionReport>
}

export interface CompactOptions {
  /** Only days that end until then, in milliseconds since 1970; default: those that the settings call closed. */
  readonly until?: number
  readonly signal: AbortSignal
  /** Called with each compacted day. */
  readonly onDay?: (day: DayReport) => void
}

/** A day that was compacted. */
export interface DayReport {
  /** Type, source and day: `price/source=coingecko/date=2026-01-05`. */
  readonly folder: string
  readonly segments: number
  /** Records of the segments, and of the day that they became: without repeats. */
  readonly read: number
  readonly rows: number
}

export interface CompactionReport {
  readonly made: readonly DayReport[]
  /** Days that needed no work. */
  readonly unchanged: number
  /** Days that failed; the others are done. */
  readonly failed: readonly { readonly folder: string; readonly error: QiError }[]
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
