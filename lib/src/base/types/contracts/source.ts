import type { Trouble } from '../failures.ts'
import type { Logger } from '../logger.ts'
import type { Span } from '../spans.ts'
import type { Micros } from '../time.ts'
import type { CheckResult } from './check.ts'
import type { HistoryType, StreamSeries } from './history.ts'
import type { InteractionParser } from './interactions.ts'
import type { RateLimit, RateLimits } from './rateLimit.ts'
import type { RecordBatch } from './recordBatch.ts'

/**
 * A stream of batches from one provider. Pulling is the backpressure: nothing is opened before the first pull. A source that asks does no
 * work that was not asked for beyond one batch; what a provider pushes is held up to bounds, then its socket is paused. Nothing is
 * dropped. Iterating ends when the source has no more, or after close(). A final error is thrown from the iterator; retryable
 * errors are retried inside.
 */
export interface Source extends AsyncIterable<RecordBatch>, AsyncDisposable {
  /** Name of the instance. */
  readonly name: string
  /** Reaches the provider. Never throws. */
  check(signal?: AbortSignal): Promise<CheckResult>
  /** The current failure that it keeps retrying. */
  readonly trouble?: Trouble | undefined
  /** Names in its settings that the provider does not know; it goes on with the others. */
  readonly warnings?: readonly SettingWarning[]
  /** Present if it reads sockets. */
  readonly figures?: SourceFigures
  /** Unblocks a pending pull and frees all resources; may be called twice. */
  close(): Promise<void>
}

/** Figures of a source that reads sockets: its state now, and counters since it was opened. */
export interface SourceFigures {
  /** Records that were pushed and are not pulled yet. */
  readonly waiting: number
  /** True while the sockets are paused, because too many records wait. */
  readonly paused: boolean
  /** Connections whose subscriptions are all answered. */
  readonly sockets: number
  /** Order books: `live` are verified and current. */
  readonly books: { readonly live: number; readonly all: number }
  /** Gaps of trades that were found. */
  readonly gaps: number
  /** Trades that were fetched for them. */
  readonly filled: number
  /** Trades that were not: too many at once, or the provider did not give them. */
  readonly missing: number
}

/** A name in the settings of a source, such as a coin, that its provider does not know. */
export interface SettingWarning {
  /** Such as `coin x`. */
  readonly subject: string
  /** The problem and the remedy. */
  readonly message: string
  /** In milliseconds since 1970. */
  readonly since: number
}

/** Number and time of a stored record. */
export interface StoredNumber {
  readonly sequence: number
  readonly time: Micros
}

export interface SourceContext {
  /** The name of the instance, which is the `source` of its records. */
  readonly name: string
  readonly logger: Logger
  /**
   * The limit shared by all users of a key, in other processes too; without it a source limits itself alone. The key is stored as a digest.
   */
  readonly rateLimit?: (key: string, limits: RateLimits) => RateLimit
  /**
   * Reports that these series are cut off from the provider, until the result is disposed: their gaps then have the reason `reconnect` and
   * this text. With `over` the cut was noticed late: it lasted for that span. Never throws. Absent if no source runs, such as for history.
   */
  readonly outage?: (series: readonly StreamSeries[], reason: string, over?: Span) => AsyncDisposable
  /**
   * The last stored record of each instrument of this source that has a number, by `coin_id`: live data continues behind it. Absent if
   * there is no store.
   * @throws QiError UNAVAILABLE
   */
  readonly lastStored?: (type: HistoryType) => Promise<ReadonlyMap<string, StoredNumber>>
  /** Reads recorded answers of the sources that know how, for replay. */
  readonly interactions?: InteractionParser
}
