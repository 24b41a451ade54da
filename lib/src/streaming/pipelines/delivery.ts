import type { EncodedBatch, Headers } from '../../base/types/index.ts'

/** The destination that is the platform's own store. */
export const STORE = 'timescaledb'

/** One pipeline into one destination, with a consumer group of its own. */
export interface DeliveryKey {
  readonly pipeline: string
  readonly destination: string
}

/** The consumer group of a delivery. Those into the store are named after their pipeline alone. */
export const groupOf = ({ pipeline, destination }: DeliveryKey): string =>
  destination === STORE ? `qicore-${pipeline}` : `qicore-${pipeline}-${destination}`

/** Name of a delivery in output and statistics: the pipeline's into the store, else `pipeline/destination`. */
export const deliveryName = ({ pipeline, destination }: DeliveryKey): string =>
  destination === STORE ? pipeline : `${pipeline}/${destination}`

/** Header of a replayed message: the one group that is to write it. Other groups acknowledge it unwritten. */
export const FOR_HEADER = 'for'

const isFor = (headers: Headers, groups: readonly string[]): boolean =>
  headers[FOR_HEADER] === undefined || groups.includes(headers[FOR_HEADER])

/** The batch without the records that were replayed for groups other than these. */
export const addressedTo = (groups: readonly string[], batch: EncodedBatch): EncodedBatch =>
  batch.hasHeaders ? batch.filter((index) => isFor(batch.headers(index), groups)) : batch

export interface DeliverySettings {
  /** Writes at the same time; each needs a connection to the destination. */
  readonly lanes: number
  /** Most records in one write. */
  readonly maxRecords: number
  /** Most bytes in one write. Reading stops while `lanes × maxBytes` wait. */
  readonly maxBytes: number
  /** Time to write the records already read on stop, in milliseconds. */
  readonly drainMs: number
  /** Time to retry a retryable failure since the last success, in milliseconds; Infinity: forever. */
  readonly retryMs: number
  /** After `retryMs`: the batch becomes dead letters, or the delivery parks. */
  readonly afterRetry: 'dead_letter' | 'park'
  /** After an error that is not retryable: park until somebody resumes the delivery, or retry it like any other. */
  readonly refusal: 'park' | 'retry'
  /** Unread records older than this, in milliseconds since their append, are skipped; Infinity: none. */
  readonly maxLagMs: number
  /** Unread records beyond this many bytes of the log are skipped; Infinity: none. */
  readonly maxLagBytes: number
  /** Interval at which the lag is compared with its bound, in milliseconds. */
  readonly lagEveryMs: number
}

const MIB = 1024 * 1024

export const DEFAULT_DELIVERY: DeliverySettings = {
  lanes: 2,
  maxRecords: 20_000,
  maxBytes: 8 * MIB,
  drainMs: 10_000,
  retryMs: Number.POSITIVE_INFINITY,
  afterRetry: 'park',
  refusal: 'park',
  maxLagMs: Number.POSITIVE_INFINITY,
  maxLagBytes: Number.POSITIVE_INFINITY,
  lagEveryMs: 10_000,
}
