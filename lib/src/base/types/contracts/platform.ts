import type { PublisherState } from '../diagnostics.ts'
import type { ErrorCode, QiError } from '../errors.ts'
import type { Trouble } from '../failures.ts'
import type { Origin, RecordType, RecordValues } from '../records/index.ts'
import type { BackfillRequest, BackfillResult, BackfillRunOptions } from './backfill.ts'
import type { ProviderTerms } from './component.ts'
import type { RateBudget } from './rateLimit.ts'
import type { SettingWarning, SourceContext, SourceFigures } from './source.ts'
import type { Stream } from './stream.ts'

export type HealthStatus = 'up' | 'degraded' | 'down'

export interface PartHealth {
  readonly name: string
  readonly status: HealthStatus
  /** Start of this status, in milliseconds since 1970. */
  readonly since: number
  readonly summary: string
  /** Error code of the cause, if there is one. */
  readonly code?: ErrorCode
  /** The next step: done by the platform, or for the user. */
  readonly action?: string
}

export interface PlatformHealth {
  readonly status: HealthStatus
  readonly parts: readonly PartHealth[]
}

/** A time in which a part was degraded or down without a break. */
export interface Outage {
  readonly part: string
  /** The worst status in it. */
  readonly status: Exclude<HealthStatus, 'up'>
  /** In milliseconds since 1970; without `until` it is still going on. */
  readonly since: number
  readonly until?: number
  readonly summary: string
  readonly code?: ErrorCode
  readonly action?: string
}

export interface PartStatus {
  readonly name: string
  /** `failed`: a restart cannot help, so it stays failed until a user starts it. */
  readonly state: 'running' | 'restarting' | 'finished' | 'failed' | 'stopped'
  /** Milliseconds since 1970. */
  readonly since: number
  readonly restarts: number
  /** Start of the current series of failures. */
  readonly failingSince?: number
  /** The last error, and the time of the next attempt. */
  readonly lastError?: QiError
  readonly retryAt?: number
}

/**
 * `opening`: the destination cannot be opened yet. `retrying`: a write failed and is retried. `stalled`: a write takes unusually long.
 * `parked`: the destination refuses everything, and nothing is written until a user resumes it.
 */
export type DeliveryState = 'idle' | 'opening' | 'running' | 'retrying' | 'stalled' | 'parked' | 'stopped'

/** One delivery: a pipeline's records for one destination, with its own consumer group. Counters since its start. */
export interface DeliveryStats {
  /** `crypto-data` into the store, else `<pipeline>/<destination>`. */
  readonly name: string
  readonly pipeline: string
  readonly destination: string
  readonly group: string
  readonly topics: readonly string[]
  /** Members of its group in this process. */
  readonly members: number
  readonly state: DeliveryState
  /** The reason of opening, retrying, stalled or parked. */
  readonly trouble?: Trouble
  /** The last damaged bytes of the stream, which became dead letters; `at` in milliseconds since 1970. */
  readonly damage?: { readonly at: number; readonly error: QiError }
  /** The last skip, because the lag exceeded its bound. */
  readonly skip?: { readonly at: number; readonly error: QiError }
  readonly read: number
  /** Records added to the destination. */
  readonly written: number
  /** Records whose key was already stored: the more final one, then the later received one stays. */
  readonly overwritten: number
  readonly deadLettered: number
  /** Records skipped because its lag exceeded its bound. */
  readonly skipped: number
  readonly writes: number
  /** Records read and not yet written. */
  readonly waiting: number
  readonly lastWriteAt?: number
}

/** Counters since the publisher was created. */
export interface PublisherStats {
  readonly source: string
  /** `degraded` while appends fail and are retried; pulling stops once the buffer of pending records is full. */
  readonly state: PublisherState
  /** Records and rejections pulled from the source. */
  readonly received: number
  /** Records durable in the stream. */
  readonly published: number
  /** Dead letters: rejections of the source, and records that failed validation. */
  readonly invalid: number
  /** Appends that failed and were retried. */
  readonly retried: number
  /** Bytes of the values published. */
  readonly bytes: number
  /** Pulled, and neither durable in the stream nor in the dead letters. */
  readonly inFlight: number
  /** The greatest `time` of a published record, in microseconds since 1970. */
  readonly lastRecordTime: number | null
  /** Of the newest batch. */
  readonly origin: Origin | null
  /** Time of the last successful append, in milliseconds since 1970. */
  readonly lastAppendAt: number | null
  /** The current failure between source and provider, or on the way into the stream. */
  readonly trouble?: Trouble
  /** Names in the source's settings that its provider does not know. */
  readonly warnings?: readonly SettingWarning[]
  /** Of a source that reads sockets. */
  readonly figures?: SourceFigures
  /** The last failure, even if a retry succeeded; `at` in milliseconds since 1970. */
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
  readonly consumers: readonly DeliveryStats[]
  readonly parts: readonly PartStatus[]
}

/** A source that the platform can run, with its state. */
export interface SourceStatus {
  /** Name of the instance. */
  readonly name: string
  readonly type: string
  readonly summary: string
  /** `idle`: not started. */
  readonly state: PartStatus['state'] | 'idle'
  /** The source that it replaces, if it runs as a fallback. */
  readonly fallbackFor?: string
  /** True if it has history. */
  readonly history: boolean
  /** The terms of its provider; absent if its type names none. */
  readonly terms?: ProviderTerms
  readonly settings: readonly SourceSetting[]
}

/** A setting of a source, as JSON Schema. */
export interface SourceSetting {
  readonly name: string
  readonly summary: string
  readonly schema: Readonly<Record<string, unknown>>
  /**
   * True if a caller may set it. Addresses, files and keys belong to the configuration alone: otherwise a prompt injection could have keys
   * sent and files read.
   */
  readonly open: boolean
}

/** The arguments with which a source is opened. */
export interface SourceParts {
  /** Validated, with secrets. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Calls made with it count against the shared limits of the key. */
  readonly context: SourceContext
}

/** The queries and commands of a platform; CryptoDataPlatform implements them. */
export interface PlatformControl {
  getStatus(): PlatformStatus
  /** Exercises store and stream. */
  health(): Promise<PlatformHealth>
  /** The remaining budget of each rate limit that the sources have used since the start. @throws QiError UNAVAILABLE */
  rateLimits(): Promise<readonly ServiceBudget[]>
  /** Every known source. */
  listSources(): readonly SourceStatus[]
  /**
   * For callers that ask a source's provider themselves: its configured settings, within its limits. Holds secrets: show nothing of it.
   * @throws QiError NOT_FOUND
   */
  sourceParts(name: string): SourceParts
  /**
   * Starts a source and returns at once. `settings` replace the configured ones until it is stopped. Later failures show in the status and
   * are retried. If no platform stores the published records, this process does.
   * @throws QiError NOT_FOUND, BAD_REQUEST naming the setting, CONFLICT if it runs already, here or in another process
   */
  startSource(name: string, settings?: Readonly<Record<string, unknown>>): Promise<void>
  /** Returns when all records of the source are in the stream. @throws QiError NOT_FOUND, CONFLICT if it does not run here */
  stopSource(name: string): Promise<void>
  /**
   * Runs exactly `members` members of a delivery's group in this process; partitions rebalance. Returns when leaving members have
   * written all they read.
   * @throws QiError NOT_FOUND, BAD_REQUEST for none, or more than its topics have partitions
   */
  scaleConsumer(name: string, members: number): Promise<void>
  /**
   * Resumes a parked delivery.
   * @param name as in its statistics
   * @throws QiError NOT_FOUND
   */
  resumeDelivery(name: string): Promise<void>
  /**
   * Restarts a part, by its name in the status. A part that waits for a retry, or has failed for good, starts at once; any other is drained
   * first.
   * @throws QiError NOT_FOUND
   */
  restartPart(name: string): Promise<void>
  /**
   * Stores records that people and agents hand in, by way of publisher, stream and consumers. Returns when they are stored, or after ten
   * seconds. If no platform stores the published records, this process does.
   * @param records their source and origin are "manual"
   * @throws QiError CANCELLED; the errors of the stream
   */
  handIn(
    type: RecordType,
    records: readonly RecordValues[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<HandedIn>
  /** Outages since the start that a health check saw: the open ones, and the last ended ones. */
  outages(): readonly Outage[]
  /**
   * Takes history from providers and returns when it is stored.
   * @throws QiError BAD_REQUEST, UNSUPPORTED, CANCELLED: finished windows stay, and the same call continues from there
   */
  backfill(request: BackfillRequest, options?: BackfillRunOptions): Promise<BackfillResult>
  /**
   * Reads a topic again and writes its records to the store; refused ones become dead letters. Harmless, because of the store's primary keys.
   * @throws QiError NOT_FOUND, BAD_REQUEST for a topic without a record type, CANCELLED
   */
  reprocess(request: ReprocessRequest, options?: ReprocessOptions): Promise<ReprocessResult>
}

/** The outcome for records that were handed in. All but the refused ones are durable in the stream. */
export interface HandedIn {
  /** False: no consumer stored them in time; one will. */
  readonly stored: boolean
  /** Records whose key was already stored. */
  readonly overwritten: number
  /** By index in the input; they are dead letters. */
  readonly refused: readonly { readonly index: number; readonly error: QiError }[]
}

export interface ReprocessRequest {
  readonly topic: string
  /** Only records appended at or after this time, in milliseconds since 1970. */
  readonly appendedFrom?: number | undefined
}

export interface ReprocessProgress {
  readonly read: number
  /** Offsets from start to end. */
  readonly total: number
}

export interface ReprocessOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: ReprocessProgress) => void
}

export interface ReprocessResult {
  readonly read: number
  /** Records that were missing in the store. */
  readonly written: number
  /** Records that were already stored. */
  readonly overwritten: number
  readonly deadLettered: number
}
