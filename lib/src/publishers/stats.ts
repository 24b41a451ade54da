export type PublisherState = 'idle' | 'running' | 'degraded' | 'draining' | 'closed' | 'failed'

/** Counters since the publisher was made. */
export interface PublisherStats {
  readonly source: string
  /** `degraded` while appends fail and are repeated; nothing is pulled meanwhile. */
  readonly state: PublisherState
  /** Records and rejections pulled from the source. */
  readonly received: number
  /** Records durable in the stream. */
  readonly published: number
  /** Put into dead letters: what the source rejected, and records that failed their check. */
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
  readonly lastError: { readonly code: string; readonly message: string; readonly at: number } | null
}

/** The diagnostics channel on which a publisher tells what it does. */
export const PUBLISHER_CHANNEL = 'qicore:publisher'

/** What is published on {@link PUBLISHER_CHANNEL}: one event per append, not per record. */
export type PublisherEvent =
  | { readonly type: 'appended'; readonly source: string; readonly topic: string; readonly records: number; readonly bytes: number; readonly ms: number }
  | { readonly type: 'dead-lettered'; readonly source: string; readonly topic: string; readonly records: number }
  | { readonly type: 'retry'; readonly source: string; readonly topic: string; readonly attempt: number; readonly delayMs: number; readonly code: string; readonly message: string }
  | { readonly type: 'state'; readonly source: string; readonly state: PublisherState }
