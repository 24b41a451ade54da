import { setTimeout } from 'node:timers/promises'
import { retry } from '../../../base/networking/index.ts'
import { type Logger, type Stream, type Subscription, toQiError } from '../../../base/types/index.ts'
import type { DeadLetters } from '../deadLetters/DeadLetters.ts'
import { type DeliveryKey, type DeliverySettings, deliveryName } from '../delivery.ts'
import { beyondBound, type OffsetRange } from './bound.ts'
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

const RETRY_FOREVER = {
  attempts: Number.POSITIVE_INFINITY,
  totalMs: Number.POSITIVE_INFINITY,
  baseMs: 100,
  maxMs: 5_000,
} as const

/**
 * Compares the lag of a member's partitions with its bound, whatever the state of the destination. It watches until a check finds
 * ranges beyond the bound: then `over` aborts, the session ends, and the caller skips the ranges. `close` ends it from either state.
 */
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

  /** Aborts when there are records to skip: end the session, and call {@link skip} before leaving the group. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Writes one letter for each range, and moves the group behind it; retried until it succeeds or the signal aborts. */
  async skip(): Promise<Skip & { readonly ranges: number }> {
    const { subscription, deadLetters, delivery, group, settings: bounds, logger, signal } = this.#options
    const ranges = this.#ranges
    const patient = { ...RETRY_FOREVER, signal }
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
        logger.debug({ err: toQiError(error) }, 'the lag could not be read; trying again')
      }
      await setTimeout(settings.lagEveryMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }
}
