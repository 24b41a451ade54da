import type { Clock } from '../base/networking/index.ts'

/** Limits of a publisher; {@link PUBLISHER_DEFAULTS} where one is not given. Times in milliseconds. */
export interface PublisherOptions {
  /** Most records of one append. */
  readonly maxBatchRecords?: number
  /** Most bytes of values in one append, about. */
  readonly maxBatchBytes?: number
  /** Most records that are pulled and not durable yet; nothing more is pulled meanwhile. */
  readonly maxInFlight?: number
  /** First wait before a failed append is retried; the waits grow from there. */
  readonly retryBaseMs?: number
  /** Longest of these waits. */
  readonly retryMaxMs?: number
  /** Longest that close() waits until everything pulled is durable. */
  readonly drainTimeoutMs?: number
  readonly clock?: Clock
}

/** Constants, not settings: they bound memory and size of appends, whatever the source. */
export const PUBLISHER_DEFAULTS = {
  maxBatchRecords: 2000,
  /** Brokers refuse more than a mebibyte for one partition. */
  maxBatchBytes: 512 * 1024,
  /** Five full batches. */
  maxInFlight: 10_000,
  retryBaseMs: 100,
  retryMaxMs: 10_000,
  drainTimeoutMs: 15_000,
} as const satisfies Required<Omit<PublisherOptions, 'clock'>>
