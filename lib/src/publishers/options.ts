import type { Clock } from '../base/index.ts'

export interface PublisherOptions {
  /** Most records of one append. Default 2000. */
  readonly maxBatchRecords?: number
  /** Most bytes of values in one append, about. Default 512 KiB: brokers refuse more than a mebibyte for one partition. */
  readonly maxBatchBytes?: number
  /** Nothing is pulled while as many records are on their way. Default 10000. */
  readonly maxInFlight?: number
  /** About the first wait before a failed append is repeated, in milliseconds; it grows from there. Default 100. */
  readonly retryBaseMs?: number
  /** The longest wait. Default 10000. */
  readonly retryMaxMs?: number
  /** How long close() waits for what was pulled to become durable, in milliseconds. Default 15000. */
  readonly drainTimeoutMs?: number
  readonly clock?: Clock
}
