import { channel } from 'node:diagnostics_channel'
import type { Trouble } from '../base/index.ts'

export type PublisherState = 'idle' | 'running' | 'degraded' | 'draining' | 'closed' | 'failed'

/** Counters since the publisher was made. */
export interface PublisherStats {
  readonly source: string
  /** `degraded` while appends fail and are repeated; nothing is pulled once the room for records on their way is used up. */
  readonly state: PublisherState
  /** Records and rejections pulled from the source. */
  readonly received: number
  /** Records durable in the stream. */
  readonly published: number
  /** In the dead letters: what the source rejected, and records that failed their check. */
  readonly invalid: number
  /** Appends that failed and were repeated. */
  readonly retried: number
  /** Bytes of the values published. */
  readonly bytes: number
  /** Pulled, and neither durable in the stream nor in the dead letters. */
  readonly inFlight: number
  /** The greatest `time` of a published record, in microseconds since 1970. */
  readonly lastRecordTime: number | null
  /** When the last append succeeded, in milliseconds since 1970. */
  readonly lastAppendAt: number | null
  /** What keeps records from the stream, or the source from its provider, now. */
  readonly trouble?: Trouble
  /** The last failure, also of an append that succeeded later; `at` in milliseconds since 1970. */
  readonly lastError: { readonly code: string; readonly message: string; readonly at: number } | null
}

/** What is published on {@link PUBLISHER_CHANNEL}: one event an append, never one a record. */
export type PublisherEvent = { readonly source: string } & (
  | { readonly type: 'appended'; readonly topic: string; readonly records: number; readonly bytes: number; readonly ms: number }
  | { readonly type: 'dead-lettered'; readonly topic: string; readonly records: number; readonly ms: number }
  | {
      readonly type: 'retry'
      readonly topic: string
      readonly attempt: number
      readonly waitMs: number
      readonly code: string
      readonly message: string
    }
  | { readonly type: 'state'; readonly state: PublisherState }
)

/** The diagnostics channel on which publishers tell what they do. */
export const PUBLISHER_CHANNEL = 'qicore:publisher'

export const publisherEvents = channel(PUBLISHER_CHANNEL)
