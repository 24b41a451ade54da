import type { QiError } from '../errors.ts'
import type { Trouble } from '../failures.ts'
import type { RateBudget } from './rateLimit.ts'
import type { Stream } from './stream.ts'

export type HealthStatus = 'up' | 'degraded' | 'down'

export interface PartHealth {
  readonly name: string
  readonly status: HealthStatus
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  readonly summary: string
  /** What is being done about it, or can be. */
  readonly action?: string
}

export interface PlatformHealth {
  readonly status: HealthStatus
  readonly parts: readonly PartHealth[]
}

export interface PartStatus {
  readonly name: string
  readonly state: 'running' | 'restarting' | 'finished' | 'stopped'
  /** Milliseconds since 1970. */
  readonly since: number
  readonly restarts: number
  /** Since when it fails again and again without having run well between. */
  readonly failingSince?: number
  /** Why it stopped last, and when it is tried again. */
  readonly lastError?: QiError
  readonly retryAt?: number
}

export interface ConsumerStats {
  readonly name: string
  readonly group: string
  readonly state: 'idle' | 'running' | 'retrying' | 'stopped'
  /** Why it is retrying. */
  readonly trouble?: Trouble
  readonly read: number
  readonly written: number
  readonly deadLettered: number
  readonly writes: number
  /** Records read and not yet written. */
  readonly waiting: number
  readonly lastWriteAt?: number
}

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

export interface ServiceBudget extends RateBudget {
  readonly service: string
}

export interface PlatformStatus {
  readonly state: 'new' | 'initialized' | 'running' | 'stopping' | 'stopped'
  readonly startedAt?: number
  readonly store: 'embedded PostgreSQL' | 'PostgreSQL' | 'TimescaleDB'
  readonly stream: Stream['engine']
  /** The sources that run now. */
  readonly publishers: readonly PublisherStats[]
  readonly consumers: readonly ConsumerStats[]
  readonly parts: readonly PartStatus[]
}

/** What may be asked of a platform and done with it; CryptoDataPlatform is one. */
export interface PlatformControl {
  getStatus(): PlatformStatus
  /** Exercises store and stream. */
  health(): Promise<PlatformHealth>
  /** What is left of the rate limits that the sources have used since the start. @throws QiError UNAVAILABLE */
  rateLimits(): Promise<readonly ServiceBudget[]>
}
