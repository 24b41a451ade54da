import type { Coverage, Store } from '../../../base/database/index.ts'
import { abortable, retry, throwIfAborted } from '../../../base/networking/index.ts'
import {
  type BackfillFailure,
  type BackfillRequest,
  type BackfillResult,
  type BackfillRunOptions,
  type BackfillTask,
  type History,
  type HistoryWindow,
  intersect,
  type Logger,
  NOTHING_THERE,
  type NumberRange,
  nowMicros,
  recordTypes,
  type Span,
  type Stream,
  toQiError,
} from '../../../base/types/index.ts'
import { CryptoDataPublisher } from '../../../publishers/index.ts'
import type { PlatformConfig } from '../config.ts'
import { Arrivals } from './Arrivals.ts'
import { type OpenWindow, openWindows } from './openWindows.ts'
import { RetryNotices } from './RetryNotices.ts'
import { Storing, storingGroups } from './stored.ts'
import { tasksOf } from './tasks.ts'
import { WindowSource } from './WindowSource.ts'

/** The parts of a platform that a backfill uses. */
export interface BackfillHost {
  readonly config: PlatformConfig
  readonly store: Pick<Store, 'pool' | 'clock' | 'calendars' | 'dsl'>
  readonly coverage: Coverage
  readonly stream: Stream
  openHistory(source: string): Promise<History>
  /** Starts to store, in this process, what is published. */
  consume(): Promise<void>
  /** Called when the backfill is closed. */
  close?(): Promise<void>
}

/** Most empty spans listed in a result. */
const MOST_LISTED = 100

/** A failed fetch is retried for this long before the whole run gives up. */
const FETCH_RETRY = { attempts: Number.POSITIVE_INFINITY, totalMs: 15 * 60_000, baseMs: 1000, maxMs: 60_000 } as const
/** Codes that concern one series: the others go on. */
const OF_ONE_SERIES = new Set(['NOT_FOUND', 'UNSUPPORTED', 'BAD_REQUEST'])

/**
 * Fetches history from providers, window by window, on the way of all records: source → publisher → stream → consumers → store. Memory
 * does not depend on the length of the history.
 *
 * | state of a window | entered by | left by |
 * |---|---|---|
 * | open | planned, and not settled | the plan refuses it → settled as empty; else → requested |
 * | requested | the request is recorded in coverage | fetched and published → published; the provider never gives it → settled as empty; a failure is retried, then ends the run |
 * | published | its records are in the stream | the consumers have stored them → settled |
 * | settled | coverage holds which part came and which is empty | never, unless a request says `retry` |
 *
 * A killed run leaves its window requested; the next run fetches it again.
 */
export class Backfill implements AsyncDisposable {
  readonly #host: BackfillHost
  readonly #logger: Logger
  readonly #onNotice: (line: string) => void
  readonly #retries = new RetryNotices()
  readonly #histories = new Map<string, Promise<History>>()
  readonly #storing: Storing

  /** @param onNotice called with one line for people: what the backfill waits for, and why */
  constructor(host: BackfillHost, logger: Logger, onNotice: (line: string) => void = () => {}) {
    this.#host = host
    this.#storing = new Storing(host)
    this.#logger = logger
    this.#onNotice = onNotice
  }

  get store(): Pick<Store, 'pool'> {
    return this.#host.store
  }

  get coverage(): Coverage {
    return this.#host.coverage
  }

  /** The tasks of a request, whose coins may be given as ids, tickers or names. @throws QiError BAD_REQUEST, NOT_FOUND, UNSUPPORTED */
  async plan(request: BackfillRequest): Promise<readonly BackfillTask[]> {
    const tasks = await tasksOf(await this.#resolved(request), this.coverage, (source) => this.#history(source))
    if (request.retry)
      for (const { covered, spans, numbered } of tasks) {
        const id = await this.coverage.idOf(covered)
        for (const span of [...spans, ...numbered]) await this.coverage.forget(id, span)
      }
    return tasks
  }

  /** The request with coin ids. @throws QiError NOT_FOUND for a ticker of several coins */
  async #resolved(request: BackfillRequest): Promise<BackfillRequest> {
    const { dsl } = this.#host.store
    if (!('gaps' in request)) return { ...request, coins: await dsl.resolveCoins(request.coins, { sources: [request.source] }) }
    const { coins } = request.gaps
    return coins ? { ...request, gaps: { ...request.gaps, coins: await dsl.resolveCoins(coins, request.gaps) } } : request
  }

  /** Number of calls that the tasks need, by what is settled now. A series that cannot be fetched counts none. */
  async countCalls(tasks: readonly BackfillTask[]): Promise<number> {
    let calls = 0
    for (const task of tasks) {
      const settled = await this.coverage.settled(await this.coverage.idOf(task.covered))
      try {
        const windows = [...openWindows(await this.#history(task.source), task, settled)]
        calls += windows.filter(({ window }) => window.refused === undefined).length
      } catch (error) {
        // run() reports it.
        if (!OF_ONE_SERIES.has(toQiError(error).code)) throw error
      }
    }
    return calls
  }

  /**
   * Fetches every window of the tasks that is not settled.
   * @throws QiError CANCELLED by the signal; a failure that concerns all series. Settled windows stay settled.
   */
  async run(tasks: readonly BackfillTask[], { signal, onProgress = () => {} }: BackfillRunOptions = {}): Promise<BackfillResult> {
    const empty: BackfillResult['empty'][number][] = []
    const failures: BackfillFailure[] = []
    const count = { calls: 0, callsInAll: await this.countCalls(tasks), records: 0, overwritten: 0 }
    for (const task of tasks) {
      storingGroups(this.#host.config, recordTypes[task.series.type].topic)
      try {
        const history = await this.#history(task.source)
        const id = await this.coverage.idOf(task.covered)
        for (const open of openWindows(history, task, await this.coverage.settled(id))) {
          throwIfAborted(signal)
          const { window } = open
          const done = await this.#fetchWindow(history, task, id, open, signal)
          if (window.refused === undefined) count.calls++
          count.records += done.records
          count.overwritten += done.overwritten
          for (const span of done.empty) if (empty.length < MOST_LISTED) empty.push({ task, span, reason: done.reason })
          const { from, to } = window
          const missing = done.empty.length > 0 ? { missing: done.reason } : {}
          onProgress({ task, window: { from, to }, ...count, callsInAll: Math.max(count.callsInAll, count.calls), ...missing })
        }
      } catch (thrown) {
        const error = toQiError(thrown)
        if (!OF_ONE_SERIES.has(error.code)) throw error
        failures.push({ task, error })
      }
    }
    return { calls: count.calls, records: count.records, overwritten: count.overwritten, empty, failures }
  }

  async close(): Promise<void> {
    for (const history of this.#histories.values()) await (await history.catch(() => undefined))?.close()
    await this.#storing.close()
    await this.#host.close?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #fetchWindow(history: History, task: BackfillTask, id: string, open: OpenWindow, signal: AbortSignal | undefined) {
    const { window, numbers } = open
    const { from, to, refused } = window
    const nothing = (reason: string): Done => ({ records: 0, overwritten: 0, held: [], empty: [{ from, to }], reason })
    let done: Done
    if (refused !== undefined) done = nothing(refused)
    else {
      await this.coverage.request(id, { from, to }, numbers)
      try {
        const arrivals = await this.#publishWindow(history, task, window, signal)
        const { held, empty } = arrivals.result()
        // The provider may still add records this recent: they are not settled as empty.
        const past = { from: Number.MIN_SAFE_INTEGER, to: Math.max(from, nowMicros() - 2 * window.spacing) }
        const { count: records, overwritten } = arrivals
        done = { records, overwritten, held, empty: intersect(empty, [past]), reason: `${task.source}${NOTHING_THERE}` }
      } catch (thrown) {
        const error = toQiError(thrown)
        if (error.code !== 'UNSUPPORTED') throw error
        done = nothing(error.message)
      }
    }
    if (numbers) return { ...done, empty: open.settles ? await this.#settleNumbers(id, window, numbers, done.reason) : [] }
    const empty = await this.coverage.whileOpen(task.covered, done.empty)
    await this.coverage.settle(id, { from, to }, { ...done, empty })
    return { ...done, empty }
  }

  /** Settles numbers by the table: it shows which came. They lie between stored records, so the provider adds none later. */
  async #settleNumbers(id: string, { from, to }: HistoryWindow, numbers: NumberRange, reason: string): Promise<readonly Span[]> {
    const missing = await this.coverage.settleNumbers(id, { from, to }, numbers, reason)
    return missing.length > 0 ? [{ from, to }] : []
  }

  /** Fetches and publishes a window; returns when its records are stored. */
  async #publishWindow(history: History, task: BackfillTask, window: HistoryWindow, signal?: AbortSignal): Promise<Arrivals> {
    const { source, series } = task
    const { stream, store } = this.#host
    const logger = this.#logger.child({ source, coin: series.coinId })
    const arrivals = await retry(
      async () => {
        const arrivals = new Arrivals(window, recordTypes[series.type].series.proof)
        const windowSource = new WindowSource(source, series.type, arrivals, (stop) => history.fetch(series, window, stop))
        await new CryptoDataPublisher({
          source: windowSource,
          stream,
          logger,
          now: store.clock.now,
          calendars: store.calendars,
        }).run(signal)
        throwIfAborted(signal)
        return arrivals
      },
      {
        ...FETCH_RETRY,
        signal,
        onRetry: ({ error, waitMs }) => this.#notice(this.#retries.failed(error, waitMs)),
      },
    )
    this.#notice(this.#retries.succeeded())
    if (arrivals.count > 0) await this.#storing.untilStored(recordTypes[series.type].topic, signal)
    return arrivals
  }

  #notice(line: string | undefined): void {
    if (line !== undefined) this.#onNotice(line)
  }

  #history(source: string): Promise<History> {
    let history = this.#histories.get(source)
    if (!history) {
      history = this.#host.openHistory(source)
      history.catch(() => {})
      this.#histories.set(source, history)
    }
    return history
  }
}

/** The outcome of a window. */
interface Done {
  readonly records: number
  readonly overwritten: number
  readonly held: readonly Span[]
  readonly empty: readonly Span[]
  /** The reason why `empty` is empty. */
  readonly reason: string
}

/** Runs one request on a platform. @throws QiError as {@link Backfill.plan} and {@link Backfill.run} do */
export async function runBackfill(
  host: BackfillHost,
  logger: Logger,
  request: BackfillRequest,
  options: BackfillRunOptions,
): Promise<BackfillResult> {
  await using backfill = new Backfill(host, logger)
  return await backfill.run(await abortable(backfill.plan(request), options.signal), options)
}
