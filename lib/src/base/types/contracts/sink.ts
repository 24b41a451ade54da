import type { QiError } from '../errors.ts'
import type { RecordType, RecordValues } from '../records/index.ts'
import type { EncodedBatch } from './batch.ts'
import type { CheckResult } from './check.ts'

export interface Failure {
  /** Index into what was handed to write. */
  readonly index: number
  readonly error: QiError
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
}

/**
 * Where records end. Writing the same records again, in any order, leaves the same rows: the sink removes duplicates by
 * primary key, or says that it cannot (`idempotent: false`).
 */
export interface Sink extends AsyncDisposable {
  readonly name: string
  readonly idempotent: boolean
  accepts(type: RecordType): boolean
  /**
   * @returns per record: written, overwritten, or failed with a classified error. One bad record never costs its neighbours.
   * @throws QiError retryable when the whole batch failed for a reason that may pass (the database is down): nothing is lost by
   * repeating it
   */
  write<R extends RecordValues>(type: RecordType<R>, records: readonly R[], options?: WriteOptions): Promise<WriteResult>
  /**
   * A sink that can take encoded records as they are has this too. The batches are of one topic; an index counts through them
   * in order. What does not decode is a failure with BAD_DATA.
   */
  writeEncoded?(type: RecordType, batches: readonly EncodedBatch[], options?: WriteOptions): Promise<WriteResult>
  /** Exercises the real path. Never throws. */
  check(): Promise<CheckResult>
  close(): Promise<void>
}
