import { setTimeout } from 'node:timers/promises'
import {
  abortable,
  type DeliveryState,
  type Logger,
  QiError,
  type Trouble,
  tellFailure,
  throwIfAborted,
  toQiError,
} from '../../base/index.ts'
import type { DeliverySettings } from './delivery.ts'

/** Waits between attempts, in milliseconds: the first, the longest after a failure that may pass, and after a refusal. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
const LONGEST_AFTER_REFUSAL_MS = 30_000
/** A peer may ask for a longer wait, but for no longer than this. */
const LONGEST_ASKED_MS = 3_600_000
/** An attempt that has not ended for so long is trouble. */
const STALLED_MS = 30_000

export interface AttemptsOptions {
  /** The part, as the health of the platform calls it. */
  readonly part: string
  readonly logger: Logger
  readonly settings: Pick<DeliverySettings, 'retryMs' | 'afterRetry' | 'refusal'>
}

export interface AttemptOptions {
  /** Name of the operation, for the log. */
  readonly target: string
  readonly signal: AbortSignal
  /** A failure that may pass is retried for as long as it takes, whatever the policy. */
  readonly forever?: boolean
  /** Called once before the first wait, and once after the last. */
  readonly onTrouble?: () => void
  readonly onRecovered?: () => void
}

/** The result of the attempt that succeeded, or the error of the last one when they were given up. */
export type Attempted<T> =
  | { readonly result: T; readonly attempts: number; readonly error?: undefined }
  | { readonly error: QiError; readonly attempts: number; readonly result?: undefined }

/**
 * Carries out what a delivery does at its destination, by the failure policy. A failure that may pass is retried for ever, or for a
 * while since the last success. A refusal parks: no lane attempts anything until {@link resume}.
 */
export class Attempts {
  readonly #options: AttemptsOptions
  readonly #troubles = new Set<Trouble>()
  readonly #underWay = new Set<{ readonly since: number; readonly target: string }>()
  #failingSince: number | undefined
  #parked: { readonly trouble: Trouble; readonly over: PromiseWithResolvers<void> } | undefined

  constructor(options: AttemptsOptions) {
    this.#options = options
  }

  get state(): Extract<DeliveryState, 'parked' | 'retrying' | 'stalled'> | undefined {
    if (this.#parked) return 'parked'
    if (this.#troubles.size > 0) return 'retrying'
    return this.#stalled ? 'stalled' : undefined
  }

  get trouble(): Trouble | undefined {
    if (this.#parked) return this.#parked.trouble
    const [longest] = [...this.#troubles].toSorted((a, b) => a.since - b.since)
    return longest ?? this.#stalled
  }

  /** Lets what is parked try again, as if it had not failed before. */
  resume(): void {
    this.#parked?.over.resolve()
    this.#parked = undefined
    this.#failingSince = undefined
  }

  /** @throws QiError CANCELLED as soon as the signal is aborted, even while an attempt does not end */
  async run<T>(operation: () => Promise<T>, options: AttemptOptions): Promise<Attempted<T>> {
    const { target, signal, forever = false, onTrouble, onRecovered } = options
    let trouble: Trouble | undefined
    try {
      for (let attempts = 1; ; attempts++) {
        throwIfAborted(signal)
        if (this.#parked) await abortable(this.#parked.over.promise, signal)
        try {
          const result = await this.#watched(target, abortable(operation(), signal))
          this.#failingSince = undefined
          return { result, attempts }
        } catch (thrown) {
          throwIfAborted(signal)
          const error = toQiError(thrown)
          tellFailure(this.#options.part, error)
          if (!trouble) onTrouble?.()
          if (trouble) this.#troubles.delete(trouble)
          this.#failingSince ??= Date.now()
          trouble = { since: trouble?.since ?? Date.now(), error }
          const waitMs = this.#wait(error, attempts)
          if (waitMs === undefined) await this.#park(error, signal)
          else if (!forever && Date.now() + waitMs > this.#failingSince + this.#options.settings.retryMs) {
            if (this.#options.settings.afterRetry === 'dead_letter') return { error, attempts }
            await this.#park(error, signal)
          } else {
            trouble = { ...trouble, againAt: Date.now() + waitMs }
            this.#troubles.add(trouble)
            this.#options.logger.warn({ error, waitMs, target }, `${this.#options.part}: ${target} failed; trying again`)
            await setTimeout(waitMs, undefined, { signal })
          }
        }
      }
    } finally {
      if (trouble) {
        this.#troubles.delete(trouble)
        onRecovered?.()
      }
    }
  }

  get #stalled(): Trouble | undefined {
    const [oldest] = this.#underWay
    if (!oldest || Date.now() - oldest.since < STALLED_MS) return undefined
    const seconds = Math.round((Date.now() - oldest.since) / 1000)
    return { since: oldest.since, error: new QiError('TIMEOUT', `${oldest.target} has not answered for ${seconds} s`) }
  }

  async #watched<T>(target: string, attempt: Promise<T>): Promise<T> {
    const entry = { since: Date.now(), target }
    this.#underWay.add(entry)
    try {
      return await attempt
    } finally {
      this.#underWay.delete(entry)
    }
  }

  /** How long to wait before the next attempt; undefined where none can succeed. */
  #wait(error: QiError, attempts: number): number | undefined {
    const refused = !error.retryable
    if (refused && this.#options.settings.refusal === 'park') return undefined
    const longest = refused ? LONGEST_AFTER_REFUSAL_MS : LONGEST_WAIT_MS
    const wait = Math.min(longest, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20)) * (0.5 + Math.random() / 2)
    return Math.max(wait, Math.min(error.retryAfterMs ?? 0, LONGEST_ASKED_MS))
  }

  async #park(error: QiError, signal: AbortSignal): Promise<void> {
    if (!this.#parked) {
      this.#parked = { trouble: { since: Date.now(), error }, over: Promise.withResolvers() }
      const { part, logger } = this.#options
      logger.error({ part, error }, `${part} is parked: ${error.message}; nothing is written until it is resumed`)
    }
    await abortable(this.#parked.over.promise, signal)
  }
}
