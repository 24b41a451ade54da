import { z } from 'zod'
import { lockKeys, withClient } from '../../../base/database/index.ts'
import { compactDays, type DayArchive, failureOf, type SegmentFormat } from '../../../base/segments/index.ts'
import {
  type CheckResult,
  type CompactionReport,
  type CompactOptions,
  type Logger,
  parseDuration,
  QiError,
  quantityText,
  type SinkContext,
  toQiError,
} from '../../../base/types/index.ts'
import { formatOfExtension } from './segments.ts'

const DEFAULT_AFTER = '1d'
const EVERY_MS = 3_600_000

export const compactField = z
  .object({
    after: quantityText(parseDuration)
      .default(DEFAULT_AFTER)
      .describe(
        'makes one sorted file of each UTC day that ended this long ago, once an hour. Without `compact` only `qicore destination compact` does',
      ),
  })
  .optional()

export interface CompactionSettings {
  readonly archive: DayArchive
  readonly format: SegmentFormat
  /** A folder of its own. */
  readonly scratch: string
  readonly compact: z.output<typeof compactField>
  readonly context: Pick<SinkContext, 'name' | 'logger' | 'store'>
}

/**
 * Compacts the closed days of a destination: when {@link run} is called, and once an hour after {@link start} where the settings have
 * `compact`. An advisory lock in the store keeps it to one process at a time.
 */
export class Compaction {
  readonly #settings: CompactionSettings
  readonly #afterMs: number
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #failure: QiError | undefined

  constructor(settings: CompactionSettings) {
    this.#settings = settings
    this.#afterMs = parseDuration(settings.compact?.after ?? DEFAULT_AFTER)
  }

  /** Begins to compact once an hour, where the settings have `compact`. */
  start(): void {
    if (this.#settings.compact === undefined || this.#timer || this.#closing.signal.aborted) return
    this.#timer = setInterval(() => this.#compactOnce(), EVERY_MS).unref()
    this.#compactOnce()
  }

  /** @throws QiError */
  async run({ until, signal, onDay }: CompactOptions): Promise<CompactionReport> {
    const { name } = this.#settings.context
    const report = await this.#inTurn((lost) =>
      this.#compact({ signal: AbortSignal.any([signal, lost]), ...(until !== undefined && { until }), ...(onDay && { onDay }) }),
    )
    if (report) return report
    throw new QiError('CONFLICT', `destination ${name} is being compacted by another process: try again when that is done`)
  }

  /** The result of the destination's check, degraded where the last hourly compaction failed. */
  withState(found: CheckResult): CheckResult {
    const failure = this.#failure
    if (!found.ok || !failure) return found
    return {
      ok: false,
      degraded: true,
      summary: `${found.summary}; compaction failed: ${failure.message}`,
      remedy: 'records are still written; compaction is retried once an hour, or by qicore destination compact',
      error: failure,
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closing.abort(new QiError('CLOSED', 'the destination is closed'))
    await this.#running
  }

  #compactOnce(): void {
    this.#running ??= this.#compactHourly().finally(() => {
      this.#running = undefined
    })
  }

  async #compactHourly(): Promise<void> {
    const { context } = this.#settings
    const { signal } = this.#closing
    const logger: Logger = context.logger.child({ destination: context.name })
    try {
      const report = await this.#inTurn((lost) =>
        this.#compact({
          signal: AbortSignal.any([signal, lost]),
          onDay: (day) => logger.info({ ...day }, 'a day was compacted'),
        }),
      )
      if (report) this.#failure = failureOf(report)
    } catch (error) {
      if (!signal.aborted) this.#failure = toQiError(error)
    }
    if (this.#failure && !signal.aborted) logger.error({ err: this.#failure }, 'compaction failed; trying again in an hour')
  }

  #compact({ until = Date.now() - this.#afterMs, signal, onDay }: CompactOptions): Promise<CompactionReport> {
    const { archive, format, scratch } = this.#settings
    return compactDays({ archive, format, formatOf: formatOfExtension, scratch, until, signal, ...(onDay && { onDay }) })
  }

  /** Runs the work under the lock. @returns undefined where another process holds it */
  #inTurn<T>(work: (lost: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { name, store } = this.#settings.context
    return withClient(store.pool, async (client) => {
      const keys = [(await lockKeys(client)).compactions, name]
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as got', keys)
      if (!rows[0]?.got) return undefined
      const lost = new AbortController()
      const end = () => lost.abort(new QiError('UNAVAILABLE', 'the connection that holds the lock was lost'))
      client.once('end', end)
      try {
        return await work(lost.signal)
      } finally {
        client.off('end', end)
        // A lost connection has released the lock.
        await client.query('select pg_advisory_unlock($1, hashtext($2))', keys).catch(() => {})
      }
    })
  }
}
