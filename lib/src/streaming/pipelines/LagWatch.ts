import { setTimeout } from 'node:timers/promises'
import { type Logger, retry, type Stream, type Subscription, toQiError } from '../../base/index.ts'
import type { DeadLetters } from './deadLetters.ts'
import { type DeliveryKey, type DeliverySettings, deliveryName } from './delivery.ts'
import { beyondBound, type OffsetRange } from './lagBound.ts'
import { type Skip, skipExcess } from './skip.ts'

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

  /** Writes one letter for each range, and moves the group behind it; tried again until it succeeds or the signal aborts. */
  async skip(): Promise<Skip & { readonly ranges: number }> {
    const { subscription, deadLetters, delivery, group, settings: bounds, logger, signal } = this.#options
    const ranges = this.#ranges
    const patient = { ...PATIENCE, signal }
    const skip = await skipExcess(
      { group, delivery, ranges, bounds },
      {
        keep: (letters) => retry(() => deadLetters.put(letters), patient),
        move: (positions) => retry(() => subscription.commit(positions), patient),
      },
    )
    logger.error({ records: skip.records, ranges: ranges.length }, `${deliveryName(delivery)}: ${skip.error.message}`)
    return { ...skip, ranges: ranges.length }
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
