import type { ErrorCode, QiError } from '../errors.ts'
import type { Trouble } from '../failures.ts'
import type { Origin, RecordType, RecordValues } from '../records/index.ts'
import type { BackfillRequest, BackfillResult, BackfillRunOptions } from './backfill.ts'
import type { RateBudget } from './rateLimit.ts'
import type { SettingWarning, SourceContext } from './source.ts'
import type { Stream } from './stream.ts'

export type HealthStatus = 'up' | 'degraded' | 'down'

export interface PartHealth {
  readonly name: string
  readonly status: HealthStatus
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  readonly summary: string
  /** Of the failure that it is unwell for, where one is. */
  readonly code?: ErrorCode
  /** What is being done about it, or can be. */
  readonly action?: string
}

export interface PlatformHealth {
  readonly status: HealthStatus
  readonly parts: readonly PartHealth[]
}

/** A time in which a part was unwell without a break. */
export interface Outage {
  readonly part: string
  /** The worst that it was. */
  readonly status: Exclude<HealthStatus, 'up'>
  /** In milliseconds since 1970; without an end it still is. */
  readonly since: number
  readonly until?: number
  readonly summary: string
  readonly code?: ErrorCode
  readonly action?: string
}

export interface PartStatus {
  readonly name: string
  /** `failed`: for a reason that starting it again cannot mend, so it stays so until somebody starts it. */
  readonly state: 'running' | 'restarting' | 'finished' | 'failed' | 'stopped'
  /** Milliseconds since 1970. */
  readonly since: number
  readonly restarts: number
  /** Since when it fails again and again without having run well between. */
  readonly failingSince?: number
  /** Why it stopped last, and when it is tried again. */
  readonly lastError?: QiError
  readonly retryAt?: number
}

/**
 * `opening`: its destination cannot be opened yet. `retrying`: a write failed and is tried again. `stalled`: a write has not ended for
 * long. `parked`: the destination refuses everything, and nothing is written until somebody resumes it.
 */
export type DeliveryState = 'idle' | 'opening' | 'running' | 'retrying' | 'stalled' | 'parked' | 'stopped'

/** One delivery: what a pipeline brings to one destination, with a consumer group of its own. Counters since it was started. */
export interface DeliveryStats {
  /** `crypto-data` into the store, else `<pipeline>/<destination>`. */
  readonly name: string
  readonly pipeline: string
  readonly destination: string
  readonly group: string
  readonly topics: readonly string[]
  /** How many of its group run in this process. */
  readonly members: number
  readonly state: DeliveryState
  /** Why it is opening, retrying, stalled or parked. */
  readonly trouble?: Trouble
  /** Bytes of the stream that could not be read last and became dead letters: when (in milliseconds since 1970), where and why. */
  readonly damage?: { readonly at: number; readonly error: QiError }
  /** Records that were skipped last, because the lag was over its bound: when, and which. */
  readonly skip?: { readonly at: number; readonly error: QiError }
  readonly read: number
  /** Records that were added to the destination. */
  readonly written: number
  /** Records whose key was there already: of the two the more final, then the later received stays. */
  readonly overwritten: number
  readonly deadLettered: number
  /** Records that it did not take before its lag was over its bound. */
  readonly skipped: number
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
  /** That of the newest batch. */
  readonly origin: Origin | null
  /** When the last append succeeded, in milliseconds since 1970. */
  readonly lastAppendAt: number | null
  /** What keeps records from the stream, or the source from its provider, now. */
  readonly trouble?: Trouble
  /** Names in the settings of the source that its provider does not have. */
  readonly warnings?: readonly SettingWarning[]
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
  readonly consumers: readonly DeliveryStats[]
  readonly parts: readonly PartStatus[]
}

/** A source that the platform can run, and whether it does. */
export interface SourceStatus {
  /** That of the instance. */
  readonly name: string
  readonly type: string
  readonly summary: string
  /** `idle`: it has not been started. */
  readonly state: PartStatus['state'] | 'idle'
  /** In whose place it runs, where it is not there for itself. */
  readonly standsInFor?: string
  /** Whether it gives the past. */
  readonly history: boolean
  readonly settings: readonly SourceSetting[]
}

/** A setting of a source, as JSON Schema has it. */
export interface SourceSetting {
  readonly name: string
  readonly summary: string
  readonly schema: Readonly<Record<string, unknown>>
  /**
   * Whether a caller may give it: which address is called, which file is read and with which key is for the configuration alone, or
   * whoever persuades an agent could have keys sent and files read.
   */
  readonly open: boolean
}

/** What a source is opened with. */
export interface SourceParts {
  /** Checked, and with what is secret in them. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Calls made with it count against the limits that all who use a key share. */
  readonly context: SourceContext
}

/** What may be asked of a platform and done with it; CryptoDataPlatform is one. */
export interface PlatformControl {
  getStatus(): PlatformStatus
  /** Exercises store and stream. */
  health(): Promise<PlatformHealth>
  /** What is left of the rate limits that the sources have used since the start. @throws QiError UNAVAILABLE */
  rateLimits(): Promise<readonly ServiceBudget[]>
  /** Every source there is. */
  listSources(): readonly SourceStatus[]
  /**
   * For whoever asks a source's provider by itself: as the configuration has it, and within its limits. Nothing of it belongs in an
   * answer to a caller.
   * @throws QiError NOT_FOUND
   */
  sourceParts(name: string): SourceParts
  /**
   * Starts a source, with these settings instead of those of the configuration until it is stopped, and returns at once: what fails
   * afterwards shows in the status, and is started again where that can mend it. Where no platform stores what is published, this process does.
   * @throws QiError NOT_FOUND, BAD_REQUEST naming the setting, CONFLICT where it runs already, here or in another process
   */
  startSource(name: string, settings?: Readonly<Record<string, unknown>>): Promise<void>
  /** Returns when what the source gave is in the stream. @throws QiError NOT_FOUND, CONFLICT where it does not run here */
  stopSource(name: string): Promise<void>
  /**
   * Runs exactly `members` members of a delivery's group in this process; partitions rebalance. Returns when those that leave have
   * written what they read.
   * @throws QiError NOT_FOUND, BAD_REQUEST for none, or more than its topics have partitions
   */
  scaleConsumer(name: string, members: number): Promise<void>
  /**
   * Lets a parked delivery try again.
   * @param name as in its statistics
   * @throws QiError NOT_FOUND
   */
  resumeDelivery(name: string): Promise<void>
  /**
   * Begins a part anew, as it is called in the status: one that waits after a failure, or has failed for good, is started at once, any
   * other is drained first.
   * @throws QiError NOT_FOUND
   */
  restartPart(name: string): Promise<void>
  /**
   * Takes in records that people and agents hand in, on the way of all records: publisher, stream, consumers. Returns when they are
   * stored, or after ten seconds. Where no platform stores what is published, this process does.
   * @param records their source and origin are "manual"
   * @throws QiError CANCELLED; what the stream throws
   */
  handIn(
    type: RecordType,
    records: readonly RecordValues[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<HandedIn>
  /** When parts were unwell since the start, as far as anybody asked for the health: those that are, and the last that were. */
  outages(): readonly Outage[]
  /**
   * Takes history from providers and returns when it is stored.
   * @throws QiError BAD_REQUEST, UNSUPPORTED, CANCELLED: what is settled stays so, and the same call goes on there
   */
  backfill(request: BackfillRequest, options?: BackfillRunOptions): Promise<BackfillResult>
  /**
   * Reads what a topic holds once more and writes it to the store; what cannot be stored becomes a dead letter. The store's primary keys
   * make it harmless.
   * @throws QiError NOT_FOUND, BAD_REQUEST for a topic without a record type, CANCELLED
   */
  reprocess(request: ReprocessRequest, options?: ReprocessOptions): Promise<ReprocessResult>
}

/** The outcome for records that were handed in: they are durable in the stream, but for those that were refused. */
export interface HandedIn {
  /** False: no consumer took them within the time; they are stored when one runs. */
  readonly stored: boolean
  /** How many of them had a key that was there already. */
  readonly overwritten: number
  /** By place in what was handed in; they are dead letters. */
  readonly refused: readonly { readonly index: number; readonly error: QiError }[]
}

export interface ReprocessRequest {
  readonly topic: string
  /** Only what was appended at or after this time, in milliseconds since 1970. */
  readonly appendedFrom?: number | undefined
}

export interface ReprocessProgress {
  readonly read: number
  /** Offsets between the beginning and the end of what is read. */
  readonly total: number
}

export interface ReprocessOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: ReprocessProgress) => void
}

export interface ReprocessResult {
  readonly read: number
  /** Records that the store did not hold. */
  readonly written: number
  /** Records that it held already. */
  readonly overwritten: number
  readonly deadLettered: number
}
