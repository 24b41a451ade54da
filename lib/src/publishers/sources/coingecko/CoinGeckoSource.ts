import {
  type CheckResult,
  type Clock,
  type Logger,
  QiError,
  type RecordBatch,
  type SettingWarning,
  type Source,
  systemClock,
  type Trouble,
  throwIfAborted,
  toQiError,
} from '../../../base/index.ts'
import type { CoinGeckoClient } from './CoinGeckoClient.ts'
import type { Call, Job } from './jobs.ts'
import { SOURCE } from './parse/source.ts'
import { SettingWarnings } from './SettingWarnings.ts'

export interface CoinGeckoSourceOptions {
  readonly client: CoinGeckoClient
  readonly jobs: readonly Job[]
  readonly logger: Logger
  readonly clock?: Clock
  /** How long check() waits for an answer. Default 10 s. */
  readonly checkMs?: number
}

/** A job with its place in time. */
interface Task {
  readonly job: Job
  due: number
  readonly pending: Call[]
}

/** A failed round is tried again after this long, or after its interval where that is shorter. */
const AGAIN_MS = 30_000
/** A good answer this recent is a good check: it saves a call, which keyless users have few of. */
const FRESH_MS = 60_000

/**
 * Asks CoinGecko for what is due, the most important first, one call a pull: who does not pull makes it ask nothing.
 * What a later try can mend is logged and tried again; UNAUTHORIZED, and whatever else forbids asking for prices, is thrown.
 */
export class CoinGeckoSource implements Source {
  readonly name = SOURCE
  readonly #options: CoinGeckoSourceOptions
  readonly #clock: Clock
  readonly #closing = new AbortController()
  readonly #warnings: SettingWarnings

  constructor(options: CoinGeckoSourceOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#warnings = new SettingWarnings(options.logger)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    const { signal } = this.#closing
    const start = this.#clock.now()
    const tasks = this.#options.jobs.map((job): Task => ({ job, due: start, pending: [] }))
    try {
      while (!signal.aborted) {
        const call = await this.#next(tasks)
        const batch = await this.#run(call.task, call.call)
        if (batch && (batch.records.length > 0 || batch.rejected?.length)) yield batch
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** The most important call that is due, after waiting until one is. */
  async #next(tasks: readonly Task[]): Promise<{ task: Task; call: Call }> {
    for (;;) {
      throwIfAborted(this.#closing.signal)
      const now = this.#clock.now()
      for (const task of tasks) {
        if (task.pending.length === 0 && task.due <= now) {
          task.pending.push(...task.job.round())
          // Late rounds are not made up for: that would be a burst.
          task.due = task.pending.length > 0 ? Math.max(task.due + task.job.intervalMs(), now) : now + AGAIN_MS
        }
        const call = task.pending.shift()
        if (call) return { task, call }
      }
      const wake = Math.min(...tasks.map((task) => task.due))
      await this.#clock.sleep(Math.max(1, wake - now), this.#closing.signal)
    }
  }

  async #run(task: Task, call: Call): Promise<RecordBatch | undefined> {
    try {
      return this.#warnings.sift(await call(this.#closing.signal))
    } catch (thrown) {
      throwIfAborted(this.#closing.signal)
      const error = toQiError(thrown)
      const { name } = task.job
      if (error.code === 'UNAUTHORIZED' || (name === 'prices' && FINAL.has(error.code))) throw error
      const wait = Math.max(error.retryAfterMs ?? 0, Math.min(task.job.intervalMs(), AGAIN_MS))
      this.#options.logger.warn({ job: name, code: error.code, again_in_ms: Math.round(wait) }, error.message)
      // The rest of the round would most likely fail the same way; a coin without candles is no reason to skip the others.
      task.pending.length = 0
      if (error.retryable || name !== 'ohlc') task.due = this.#clock.now() + (error.retryable ? wait : task.job.intervalMs())
      return undefined
    }
  }

  get trouble(): Trouble | undefined {
    return this.#options.client.trouble
  }

  get warnings(): readonly SettingWarning[] {
    return this.#warnings.current
  }

  async check(signal?: AbortSignal): Promise<CheckResult> {
    const { client, checkMs = 10_000 } = this.#options
    const ago = client.answeredMsAgo
    if (ago !== undefined && ago < FRESH_MS)
      return {
        ok: true,
        summary: `CoinGecko (${client.plan}) answered ${Math.round(ago / 1000)} s ago`,
        details: { base_url: client.baseUrl },
      }
    const start = this.#clock.now()
    const deadline = AbortSignal.any([AbortSignal.timeout(checkMs), this.#closing.signal, ...(signal ? [signal] : [])])
    try {
      await this.#reach(deadline)
      const ms = Math.round(this.#clock.now() - start)
      return {
        ok: true,
        summary: `CoinGecko (${client.plan}) answered in ${ms} ms`,
        details: { base_url: client.baseUrl, latency_ms: ms },
      }
    } catch (thrown) {
      const error = toQiError(thrown)
      return { ok: false, summary: error.message, remedy: remedyOf(error), error, details: { base_url: client.baseUrl } }
    }
  }

  async #reach(signal: AbortSignal): Promise<void> {
    const { client } = this.#options
    try {
      await client.ping({ signal, attempts: 1 })
    } catch (error) {
      // A proxy or a server of recorded answers need not know /ping; prices are what matters.
      if (!(error instanceof QiError) || error.code !== 'NOT_FOUND') throw error
      await client.markets({ currency: 'usd', perPage: 1 }, { signal, attempts: 1 })
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new QiError('CLOSED', 'the CoinGecko source is closed'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Will not pass by itself: the settings are wrong, or the account may not. */
const FINAL = new Set(['BAD_REQUEST', 'FORBIDDEN', 'NOT_FOUND', 'CONFIG_INVALID', 'UNSUPPORTED', 'INTERNAL'])

function remedyOf(error: QiError): string {
  if (error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN') return 'check COINGECKO_API_KEY and COINGECKO_PLAN'
  if (error.code === 'RATE_LIMITED') return 'wait, or use a key of your own: keyless calls are limited for all behind one address'
  if (error.code === 'NOT_FOUND' || error.code === 'BAD_DATA') return 'check COINGECKO_BASE_URL: it ends before /coins/…'
  return 'check the network, or set COINGECKO_BASE_URL'
}
