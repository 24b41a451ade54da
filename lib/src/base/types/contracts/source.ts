import type { Trouble } from '../failures.ts'
import type { Logger } from '../logger.ts'
import type { RecordType, RecordValues } from '../records/index.ts'
import type { CheckResult } from './check.ts'
import type { StreamSeries } from './history.ts'
import type { InteractionParser } from './interactions.ts'
import type { RateLimit, RateLimits } from './rateLimit.ts'

/** What a source could not make a record of: the text it came in, and why. */
export interface Rejected {
  readonly reason: string
  readonly original: string
}

/** Records of one type, in the order of the market. */
export interface RecordBatch<R extends RecordValues = RecordValues> {
  readonly type: RecordType<R>
  readonly records: readonly R[]
  readonly rejected?: readonly Rejected[]
}

/**
 * A stream of batches from one provider. Pulling is the backpressure: a source does no work that was not asked for beyond one
 * batch. Iterating ends when the source has no more, or after close(). A failure that will not pass by itself is thrown from
 * the iterator; what a retry can mend is retried inside.
 */
export interface Source extends AsyncIterable<RecordBatch>, AsyncDisposable {
  /** That of the instance. */
  readonly name: string
  /** Reaches the provider. Never throws. */
  check(signal?: AbortSignal): Promise<CheckResult>
  /** What keeps it from its provider now, where it goes on trying by itself. */
  readonly trouble?: Trouble | undefined
  /** Names in its settings that the provider does not have now; it goes on with the others. */
  readonly warnings?: readonly SettingWarning[]
  /** Unblocks a pending pull and frees what is held; may be called twice. */
  close(): Promise<void>
}

/** A name in the settings of a source, such as a coin, that its provider does not have. No record is at fault. */
export interface SettingWarning {
  /** Says what it is about, such as `coin x`. */
  readonly subject: string
  /** The problem and the remedy. */
  readonly message: string
  /** In milliseconds since 1970. */
  readonly since: number
}

export interface SourceContext {
  /** The name of the instance, which is the `source` of its records. */
  readonly name: string
  readonly logger: Logger
  /**
   * The limit that all who use a key share, other processes too; without it a source limits itself alone. The key is kept as a
   * digest.
   */
  readonly rateLimit?: (key: string, limits: RateLimits) => RateLimit
  /**
   * Tells that these series are cut off from the provider, while the source runs on, until the result is disposed of: their gaps then
   * have the reason `reconnect` and this text. Never throws. Absent where no source runs, such as for history.
   */
  readonly outage?: (series: readonly StreamSeries[], reason: string) => AsyncDisposable
  /** Reads recorded answers of the sources that know how, for replay. */
  readonly interactions?: InteractionParser
}
