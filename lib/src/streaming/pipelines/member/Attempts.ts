import { setTimeout } from 'node:timers/promises'
import { abortable, throwIfAborted } from '../../../base/networking/index.ts'
import { type DeliveryState, emitFailure, type Logger, QiError, type Trouble, toQiError } from '../../../base/types/index.ts'
import type { DeliverySettings } from '../delivery.ts'

/** The first wait between attempts, and the longest after a retryable failure and after a refusal. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
const LONGEST_AFTER_REFUSAL_MS = 30_000
/** The longest wait that a peer can ask for (`Retry-After`). */
const LONGEST_ASKED_MS = 3_600_000
/** An attempt that takes longer shows as stalled. */
const STALLED_MS = 30_000

export interface AttemptsOptions {
  /** Name of the part in the platform's health. */
  readonly part: string
  readonly logger: Logger
  readonly settings: Pick<DeliverySettings, 'retryMs' | 'afterRetry' | 'refusal'>
}

export interface RunOptions {
  /** Name of the operation in logs. */
  readonly target: string
  readonly signal: AbortSignal
  /** Retries retryable failures forever, whatever `retryMs` says. */
  readonly forever?: boolean
  /** Called once, after the first failure. */
  readonly onTrouble?: () => void
  /** Called once where onTrouble was: the operation succeeded, was given up or cancelled. */
  readonly onRecovered?: () => void
}

/** The result of the attempt that succeeded, or the last error once the operation was given up. */
export type Attempted<T> =
  | { readonly result: T; readonly attempts: number; readonly error?: undefined }
  | { readonly error: QiError; readonly attempts: number; readonly result?: undefined }

export type AttemptsState = 'working' | Extract<DeliveryState, 'stalled' | 'retrying' | 'parked'>

/** The step after a failure. */
type NextStep = { readonly step: 'retry'; readonly waitMs: number } | { readonly step: 'park' } | { readonly step: 'give_up' }

/**
 * Runs the operations of one delivery at its destination under the failure policy.
 *
 * | state | entered | left |
 * |---|---|---|
 * | `working` | at the start | a failure, or an attempt that takes longer than 30 s |
 * | `stalled` | an attempt takes longer than 30 s | it ends |
 * | `retrying` | a retryable failure, or a refusal with `refusal: retry` | the next attempt succeeds: `working`. `retryMs` have passed since the last success: `parked`, or the operation is given up (`then: dead_letter`) |
 * | `parked` | a refusal with `refusal: park`, or `retryMs` are over with `then: park` | {@link resume}: `working` |
 *
 * A success of any lane ends the count of `retryMs` for all of them. While parked, no lane starts an attempt.
 */
export class Attempts {
  readonly #options: AttemptsOptions
  /** One for each operation that waits for its next attempt. */
  readonly #retrying = new Set<Trouble>()
  readonly #underWay = new Set<{ readonly since: number; readonly target: string }>()
  #failingSince: number | undefined
  #parked: { readonly trouble: Trouble; readonly over: PromiseWithResolvers<void> } | undefined

  constructor(options: AttemptsOptions) {
    this.#options = options
  }

  get state(): AttemptsState {
    if (this.#parked) return 'parked'
    if (this.#retrying.size > 0) return 'retrying'
    return this.#stalled ? 'stalled' : 'working'
  }

  /** The reason of the state; undefined while working. Of several retries the one that has failed for longest. */
  get trouble(): Trouble | undefined {
    if (this.#parked) return this.#parked.trouble
    const [longest] = [...this.#retrying].toSorted((a, b) => a.since - b.since)
    return longest ?? this.#stalled
  }

  /** Ends `parked`: the parked operations try again, with the whole of `retryMs` ahead. Without effect in other states. */
  resume(): void {
    this.#parked?.over.resolve()
    this.#parked = undefined
    this.#failingSince = undefined
  }

  /** @throws QiError CANCELLED as soon as the signal is aborted, even while an attempt hangs */
  async run<T>(operation: () => Promise<T>, options: RunOptions): Promise<Attempted<T>> {
    const { target, signal, onTrouble, onRecovered } = options
    const { part, logger } = this.#options
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
          emitFailure(part, error)
          if (trouble) this.#retrying.delete(trouble)
          else onTrouble?.()
          trouble = { since: trouble?.since ?? Date.now(), error }
          const next = this.#next(error, attempts, options)
          if (next.step === 'give_up') return { error, attempts }
          if (next.step === 'park') await this.#park(error, signal)
          else {
            const { waitMs } = next
            trouble = { ...trouble, againAt: Date.now() + waitMs }
            this.#retrying.add(trouble)
            logger.warn({ err: error, waitMs, target }, `${part}: ${target} failed; trying again`)
            await setTimeout(waitMs, undefined, { signal })
          }
        }
      }
    } finally {
      if (trouble) {
        this.#retrying.delete(trouble)
        onRecovered?.()
      }
    }
  }

  #next(error: QiError, attempts: number, { forever = false }: RunOptions): NextStep {
    const { refusal, retryMs, afterRetry } = this.#options.settings
    this.#failingSince ??= Date.now()
    if (!error.retryable && refusal === 'park') return { step: 'park' }
    const longest = error.retryable ? LONGEST_WAIT_MS : LONGEST_AFTER_REFUSAL_MS
    const backoff = Math.min(longest, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20)) * (0.5 + Math.random() / 2)
    const waitMs = Math.max(backoff, Math.min(error.retryAfterMs ?? 0, LONGEST_ASKED_MS))
    if (forever || Date.now() + waitMs <= this.#failingSince + retryMs) return { step: 'retry', waitMs }
    return afterRetry === 'park' ? { step: 'park' } : { step: 'give_up' }
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

  /** Waits until the delivery is resumed. */
  async #park(error: QiError, signal: AbortSignal): Promise<void> {
    if (!this.#parked) {
      this.#parked = { trouble: { since: Date.now(), error }, over: Promise.withResolvers() }
      const { part, logger } = this.#options
      logger.error({ part, err: error }, `${part} is parked: ${error.message}; nothing is written until it is resumed`)
    }
    await abortable(this.#parked.over.promise, signal)
  }
}
