import type { Clock } from './clock.ts'

export interface PublisherOptions {
  /** Most records of one append. Default 2000. */
  readonly maxBatchRecords?: number
  /** Most bytes of values in one append. Default 1 MiB. */
  readonly maxBatchBytes?: number
  /** How long a batch that is not full waits for more, in milliseconds. Default 5. */
  readonly lingerMs?: number
  /** Nothing is pulled while as many records are on their way. Default 20000. */
  readonly maxInFlight?: number
  /** Delay before the first repetition of a failed append, in milliseconds; doubled each time. Default 100. */
  readonly retryMinMs?: number
  /** Longest delay. Default 10000. */
  readonly retryMaxMs?: number
  /** How long close() waits for what was pulled to become durable, in milliseconds. Default 15000. */
  readonly drainTimeoutMs?: number
  readonly clock?: Clock
}
