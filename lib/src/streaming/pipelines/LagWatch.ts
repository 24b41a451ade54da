import { setTimeout } from 'node:timers/promises'
import { type Logger, retry, type Stream, type Subscription, toQiError } from '../../base/index.ts'
import type { DeadLetters } from './deadLetters.ts'
import { type DeliveryKey, type DeliverySettings, deliveryName } from './delivery.ts'
import { beyondBound, type OffsetRange } from './lagBound.ts'

export interface LagWatchOptions {
  readonly stream: Stream
  readonly subscription: Subscription
  readonly group: string
  readonly delivery: DeliveryKey
  readonly deadLetters: DeadLetters
  readonly settings: Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes' | 'lagEveryMs'>
  readonly logger: Logger
  readonly signal: AbortSignal
}

const PATIENCE = { attempts: Number.POSITIVE_INFINITY, totalMs: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 5_000 } as const

/** Holds the lag of a member's partitions against its bound, whatever its destination does. */
export class LagWatch {
  readonly #options: LagWatchOptions
  readonly #over = new AbortController()
  readonly #closed = new AbortController()
  readonly #running: Promise<void>
  #ranges: readonly OffsetRange[] = []

  constructor(options: LagWatchOptions) {
    this.#options = options
    const { maxLagMs, maxLagBytes } = options.settings
    const bounded = Number.isFinite(maxLagMs) || Number.isFinite(maxLagBytes)
    this.#running = bounded ? this.#watch() : Promise.resolve()
  }

  /** Aborted when there is something to skip: the session is to end, and {@link skip} to be called before it leaves the group. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Writes one letter for each range, and moves the group behind it. */
  async skip(): Promise<{ readonly ranges: number; readonly records: number }> {
    const { subscription, deadLetters, delivery, logger, signal } = this.#options
    const records = this.#ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0)
    const reason = `${deliveryName(delivery)} was further behind than its max_lag: these offsets were not delivered; replaying this letter delivers what the log still holds of them`
    const letters = this.#ranges.map(({ topic, partition, from, to }) => ({
      ...({ topic, partition, offset: from, lastOffset: to - 1n, stage: 'skipped', attempts: 0, key: null, value: '' } as const),
      ...{ pipeline: delivery.pipeline, destination: delivery.destination, reason },
    }))
    await retry(() => deadLetters.put(letters), { ...PATIENCE, signal })
    const positions = this.#ranges.map(({ topic, partition, to }) => ({ topic, partition, offset: to }))
    await retry(() => subscription.commit(positions), { ...PATIENCE, signal })
    logger.error(
      { records, ranges: letters.length },
      `${deliveryName(delivery)}: the lag was over max_lag; ${records} records were skipped`,
    )
    return { ranges: letters.length, records }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
  }

  async #watch(): Promise<void> {
    const { stream, group, subscription, settings, logger } = this.#options
    const signal = AbortSignal.any([this.#options.signal, this.#closed.signal])
    while (!signal.aborted) {
      try {
        this.#ranges = await beyondBound(stream, group, subscription.assignments(), settings)
        if (this.#ranges.length > 0) return this.#over.abort()
      } catch (error) {
        logger.debug({ error: toQiError(error) }, 'the lag could not be read; trying again')
      }
      await setTimeout(settings.lagEveryMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }
}
