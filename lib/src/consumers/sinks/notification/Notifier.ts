import type { Claim, MessageLedger } from '../../../base/alerts/index.ts'
import {
  type Alert,
  type CheckResult,
  type Logger,
  type QiError,
  type RecordType,
  type RecordValues,
  type RowSink,
  SEVERITIES,
  type Severity,
  toQiError,
  type WriteOptions,
  type WriteResult,
} from '../../../base/types/index.ts'
import type { Channel } from './channels/channel.ts'
import { messageOf } from './message.ts'

/** Longest time between two checks for due messages, by which the claims of a killed process are found. */
const LONGEST_WAIT_MS = 60_000
/** Shortest wait after a failed message. */
const RETRY_MS = 30_000

export interface NotifierOptions {
  readonly name: string
  readonly ledger: MessageLedger
  readonly channel: Channel
  readonly least: Severity
  readonly logger: Logger
}

/**
 * Sends messages about alerts. A write notes its records in the ledger, then sends the messages that are due, one at a time. Messages that
 * are due later (reminders, after quiet hours, beyond `at_most`) are sent by a timer.
 */
export class Notifier implements RowSink {
  readonly name: string
  readonly guarantee = 'at_least_once'
  readonly #options: NotifierOptions
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> = Promise.resolve()
  #failed: QiError | undefined

  constructor(options: NotifierOptions) {
    this.name = options.name
    this.#options = options
    // For messages that an earlier process left unsent.
    this.#sendByTimer()
  }

  accepts({ name }: RecordType): boolean {
    return name === 'alert'
  }

  async write<R extends RecordValues>(
    _type: RecordType<R>,
    records: readonly R[],
    { signal }: WriteOptions = {},
  ): Promise<WriteResult> {
    const { ledger, least } = this.#options
    const alerts = records as unknown as readonly Alert[]
    const urgent = alerts.filter(({ severity }) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least))
    await this.#inTurn(async () => {
      await ledger.note(urgent)
      await this.#sendDue(signal)
    })
    return { written: records.length, failed: [] }
  }

  async check(): Promise<CheckResult> {
    if (this.#failed)
      return {
        ok: false,
        summary: this.#failed.message,
        error: this.#failed,
        remedy: 'due messages are sent once it works',
      }
    return this.#options.channel.check()
  }

  async test(signal?: AbortSignal): Promise<CheckResult> {
    const { channel } = this.#options
    const lines = [`The destination ${this.name} works: alerts will be sent here.`]
    try {
      await channel.send({ title: 'QiCore: a test', lines, severity: 'info' }, signal)
      return { ok: true, summary: `a message was sent to ${channel.to}` }
    } catch (thrown) {
      const error = toQiError(thrown)
      return { ok: false, summary: error.message, error }
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#closing.abort()
    await this.#sending.catch(() => {})
    clearTimeout(this.#timer)
    await this.#options.channel.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#sending.catch(() => {}).then(work)
    this.#sending = done
    return done
  }

  async #sendDue(given?: AbortSignal): Promise<void> {
    const { ledger } = this.#options
    const signal = given ? AbortSignal.any([given, this.#closing.signal]) : this.#closing.signal
    try {
      while (!signal.aborted) {
        const claim = await ledger.claim()
        if ('waitMs' in claim) {
          this.#sendIn(claim.waitMs)
          break
        }
        await this.#sendClaimed(claim, signal)
      }
      this.#failed = undefined
    } catch (error) {
      this.#failed = toQiError(error)
      this.#sendIn(Math.max(RETRY_MS, this.#failed.retryAfterMs ?? 0))
      throw this.#failed
    }
  }

  async #sendClaimed(claim: Claim, signal: AbortSignal): Promise<void> {
    const { ledger, channel } = this.#options
    try {
      await channel.send(messageOf(claim.notices), signal)
    } catch (error) {
      await ledger.release(claim).catch(() => {})
      throw error
    }
    await ledger.sent(claim)
  }

  #sendIn(ms: number | undefined): void {
    clearTimeout(this.#timer)
    if (this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => this.#sendByTimer(), Math.min(ms ?? LONGEST_WAIT_MS, LONGEST_WAIT_MS)).unref()
  }

  #sendByTimer(): void {
    this.#inTurn(() => this.#sendDue()).catch((error: QiError) =>
      this.#options.logger.warn({ err: error }, 'messages about alerts could not be sent'),
    )
  }
}
