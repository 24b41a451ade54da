import type { EncodedBatch, Headers } from '../../base/index.ts'

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

/** The delivery as people and statistics call it. */
export const deliveryName = ({ pipeline, destination }: DeliveryKey): string =>
  destination === STORE ? pipeline : `${pipeline}/${destination}`

/** Carried by a message that was put back for one group alone. */
export const FOR_HEADER = 'for'

const isFor = (headers: Headers, groups: readonly string[]): boolean =>
  headers[FOR_HEADER] === undefined || groups.includes(headers[FOR_HEADER])

/** The records of a batch that the groups are to have: all but those that were put back for another. */
export const addressedTo = (groups: readonly string[], batch: EncodedBatch): EncodedBatch =>
  batch.hasHeaders ? batch.filter((index) => isFor(batch.headers(index), groups)) : batch

export interface DeliverySettings {
  /** Writes at once; each needs a connection of the destination. */
  readonly lanes: number
  /** Most records in one write. */
  readonly maxRecords: number
  /** Most bytes in one write; so many a lane are read ahead, above it reading stops. */
  readonly maxBytes: number
  /** On stop, how long what was read may take to be written, in milliseconds. */
  readonly drainMs: number
  /** How long a failure that may pass is retried, in milliseconds; Infinity: for ever. */
  readonly retryMs: number
  /** The fate of a batch after that. */
  readonly afterRetry: 'dead_letter' | 'park'
  /** A refusal of everything parks the delivery until somebody resumes it, or is retried as if it might pass. */
  readonly refusal: 'park' | 'retry'
  /** Records that were appended longer ago, in milliseconds, are skipped; Infinity: none. */
  readonly maxLagMs: number
  /** Records beyond so many bytes of the log are skipped; Infinity: none. */
  readonly maxLagBytes: number
  /** How often the lag is held against its bound, in milliseconds. */
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
