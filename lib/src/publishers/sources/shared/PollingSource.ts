import { type Clock, systemClock, throwIfAborted } from '../../../base/networking/index.ts'
import {
  type CheckResult,
  type Logger,
  QiError,
  type RecordBatch,
  type SettingWarning,
  type Source,
  type Trouble,
  toQiError,
} from '../../../base/types/index.ts'

/** One call, which gives one batch. */
export type PollCall = (signal: AbortSignal) => Promise<RecordBatch>

/** A call or several that are repeated. */
export interface PollJob {
  readonly name: string
  /** Milliseconds from the start of a round to the start of the next; may change between rounds. */
  intervalMs(): number
  /** The calls of a round; none while something they need is not known yet. */
  round(): readonly PollCall[]
  /** True if the source is useless without it: a failure that no retry fixes ends the source. */
  readonly essential?: boolean
  /** True if each round asks for something else: then the next round goes on after one that failed for good. */
  readonly rotates?: boolean
}

/** The state of the connection to the provider. */
export interface Provider {
  /** The addresses, separated by commas. */
  readonly baseUrl: string
  /** Milliseconds since its last good answer; undefined if there was none, or it has failed since. */
  readonly answeredMsAgo: number | undefined
  readonly trouble: Trouble | undefined
}

export interface PollingSourceOptions {
  /** The `source` of its records. */
  readonly name: string
  /** The provider's name for people. */
  readonly peer: string
  readonly provider: Provider
  /** Most important first. */
  readonly jobs: readonly PollJob[]
  /** The smallest call that shows that the provider answers; without retries. */
  readonly reach: (signal: AbortSignal) => Promise<unknown>
  /** Remedy for a failure of `reach`. */
  readonly remedy: (error: QiError) => string
  readonly warnings?: () => readonly SettingWarning[]
  /** Frees what the source holds, such as connections; called once. */
  readonly release?: () => Promise<void>
  readonly logger: Logger
  readonly clock?: Clock | undefined
  /** Longest that check() waits for an answer. Default 10 s. */
  readonly checkMs?: number | undefined
}

/** A job and the time of its next round. */
interface Task {
  readonly job: PollJob
  due: number
  readonly pending: PollCall[]
}

/** A failed round is retried after this long, or after its interval if that is shorter. */
const RETRY_MS = 30_000
/** A good answer this recent counts as a check, which saves a call. */
const FRESH_MS = 60_000
/** Failures that no retry fixes: the settings are wrong, or the account lacks the permission. */
const FINAL = new Set(['BAD_REQUEST', 'FORBIDDEN', 'NOT_FOUND', 'CONFIG_INVALID', 'UNSUPPORTED', 'INTERNAL'])

/**
 * Polls a provider: makes the most important call that is due, one call a pull, and none without a pull. A failure that may pass is
 * logged and retried. UNAUTHORIZED, and a failure of an essential job that no retry fixes, are thrown.
 */
export class PollingSource implements Source {
  readonly name: string
  readonly #options: PollingSourceOptions
  readonly #clock: Clock
  readonly #closing = new AbortController()
  #released: Promise<void> | undefined

  constructor(options: PollingSourceOptions) {
    this.name = options.name
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    const { signal } = this.#closing
    const start = this.#clock.now()
    const tasks = this.#options.jobs.map((job): Task => ({ job, due: start, pending: [] }))
    try {
      while (!signal.aborted) {
        const { task, call } = await this.#next(tasks)
        const batch = await this.#run(task, call)
        if (batch && (batch.records.length > 0 || batch.rejected?.length)) yield batch
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** The most important call that is due, after waiting until one is. */
  async #next(tasks: readonly Task[]): Promise<{ task: Task; call: PollCall }> {
    for (;;) {
      throwIfAborted(this.#closing.signal)
      const now = this.#clock.now()
      for (const task of tasks) {
        if (task.pending.length === 0 && task.due <= now) {
          task.pending.push(...task.job.round())
          // Late rounds are skipped: making up for them would be a burst of calls.
          task.due = task.pending.length > 0 ? Math.max(task.due + task.job.intervalMs(), now) : now + RETRY_MS
        }
        const call = task.pending.shift()
        if (call) return { task, call }
      }
      const wake = Math.min(...tasks.map((task) => task.due))
      await this.#clock.sleep(Math.max(1, wake - now), this.#closing.signal)
    }
  }

  async #run(task: Task, call: PollCall): Promise<RecordBatch | undefined> {
    try {
      return await call(this.#closing.signal)
    } catch (thrown) {
      throwIfAborted(this.#closing.signal)
      const error = toQiError(thrown)
      const { job } = task
      if (error.code === 'UNAUTHORIZED' || (job.essential && FINAL.has(error.code))) throw error
      const wait = Math.max(error.retryAfterMs ?? 0, Math.min(job.intervalMs(), RETRY_MS))
      this.#options.logger.warn({ job: job.name, code: error.code, again_in_ms: Math.round(wait) }, error.message)
      // The other calls of the round would probably fail the same way.
      task.pending.length = 0
      if (error.retryable || !job.rotates) task.due = this.#clock.now() + (error.retryable ? wait : job.intervalMs())
      return undefined
    }
  }

  get trouble(): Trouble | undefined {
    return this.#options.provider.trouble
  }

  get warnings(): readonly SettingWarning[] {
    return this.#options.warnings?.() ?? []
  }

  async check(signal?: AbortSignal): Promise<CheckResult> {
    const { provider, peer, reach, remedy, checkMs = 10_000 } = this.#options
    const { baseUrl, answeredMsAgo: ago } = provider
    if (ago !== undefined && ago < FRESH_MS)
      return { ok: true, summary: `${peer} answered ${Math.round(ago / 1000)} s ago`, details: { base_url: baseUrl } }
    const start = this.#clock.now()
    const deadline = AbortSignal.any([AbortSignal.timeout(checkMs), this.#closing.signal, ...(signal ? [signal] : [])])
    try {
      await reach(deadline)
      const ms = Math.round(this.#clock.now() - start)
      return { ok: true, summary: `${peer} answered in ${ms} ms`, details: { base_url: baseUrl, latency_ms: ms } }
    } catch (thrown) {
      const error = toQiError(thrown)
      return { ok: false, summary: error.message, remedy: remedy(error), error, details: { base_url: baseUrl } }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', `the ${this.name} source is closed`))
    this.#released ??= this.#options.release?.()
    await this.#released
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
