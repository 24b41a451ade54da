import {
  type BackfillFailure,
  type BackfillRequest,
  type BackfillResult,
  type BackfillRunOptions,
  type BackfillTask,
  type Coverage,
  type History,
  type HistoryWindow,
  hull,
  intersect,
  type Logger,
  type NumberRange,
  nowMicros,
  QiError,
  recordTypes,
  retry,
  type Span,
  type Store,
  type Stream,
  subtract,
  throwIfAborted,
  toQiError,
  union,
} from '../../../base/index.ts'
import { consumers } from '../../../consumers/index.ts'
import { CryptoDataPublisher } from '../../../publishers/index.ts'
import type { PlatformConfig } from '../config.ts'
import { Arrivals } from './Arrivals.ts'
import { retrying } from './retrying.ts'
import { untilStored } from './stored.ts'
import { tasksOf } from './tasks.ts'
import { WindowSource } from './WindowSource.ts'

/** What a backfill needs of a platform. */
export interface BackfillHost {
  readonly config: PlatformConfig
  readonly store: Pick<Store, 'pool' | 'clock' | 'calendars'>
  readonly coverage: Coverage
  readonly stream: Stream
  openHistory(source: string): Promise<History>
  /** Stores from now on what is published. */
  consume(): Promise<void>
  /** Called when the backfill is closed. */
  close?(): Promise<void>
}

/** Most empty stretches that are listed in a result: a long history may have any number. */
const MOST_LISTED = 100

/** A call that failed is made again for so long, in milliseconds, before the whole run gives up. */
const PATIENCE = { attempts: Number.POSITIVE_INFINITY, totalMs: 15 * 60_000, baseMs: 1000, maxMs: 60_000 } as const
/** What is wrong with one series, and no reason to leave out the others. */
const OWN_FAULT = new Set(['NOT_FOUND', 'UNSUPPORTED', 'BAD_REQUEST'])

/**
 * Takes history from providers, window by window: source → publisher → stream → consumers → store, like everything else. A window
 * is noted as settled only when its records are stored, so that whatever kills a run, the next one goes on with the window that
 * was under way. Memory does not depend on the length of the history.
 */
export class Backfill implements AsyncDisposable {
  readonly #host: BackfillHost
  readonly #logger: Logger
  readonly #notice: (line: string) => void
  readonly #histories = new Map<string, Promise<History>>()
  #consuming: Promise<void> | undefined

  /** @param notice takes lines for people: what is waited for, and why */
  constructor(host: BackfillHost, logger: Logger, notice: (line: string) => void = () => {}) {
    this.#host = host
    this.#logger = logger
    this.#notice = notice
  }

  get store(): Pick<Store, 'pool'> {
    return this.#host.store
  }

  get coverage(): Coverage {
    return this.#host.coverage
  }

  /** What a request asks for. @throws QiError BAD_REQUEST, UNSUPPORTED */
  async plan(request: BackfillRequest): Promise<readonly BackfillTask[]> {
    const tasks = await tasksOf(request, this.coverage, (source) => this.#history(source))
    if (request.retry)
      for (const { covered, spans, numbered } of tasks) {
        const id = await this.coverage.idOf(covered)
        for (const span of [...spans, ...numbered]) await this.coverage.forget(id, span)
      }
    return tasks
  }

  /** How many calls the tasks need by what is settled now. A series that cannot be had counts none. */
  async countCalls(tasks: readonly BackfillTask[]): Promise<number> {
    let calls = 0
    for (const task of tasks) {
      const settled = await this.coverage.settled(await this.coverage.idOf(task.covered))
      try {
        const windows = [...openWindows(await this.#history(task.source), task, settled)]
        calls += windows.filter(({ window }) => window.refused === undefined).length
      } catch (error) {
        // Its problems are reported when it runs.
        if (!OWN_FAULT.has(toQiError(error).code)) throw error
      }
    }
    return calls
  }

  /**
   * Fetches what the tasks name and is not settled.
   * @throws QiError CANCELLED when the signal fires; a failure that concerns all series alike: what is settled stays so
   */
  async run(tasks: readonly BackfillTask[], { signal, onProgress = () => {} }: BackfillRunOptions = {}): Promise<BackfillResult> {
    const empty: BackfillResult['empty'][number][] = []
    const failures: BackfillFailure[] = []
    const count = { calls: 0, callsInAll: await this.countCalls(tasks), records: 0, overwritten: 0 }
    for (const task of tasks) {
      this.#groups(recordTypes[task.series.type].topic)
      try {
        const history = await this.#history(task.source)
        const id = await this.coverage.idOf(task.covered)
        for (const open of openWindows(history, task, await this.coverage.settled(id))) {
          throwIfAborted(signal)
          const { window } = open
          const done = await this.#window(history, task, id, open, signal)
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
        if (!OWN_FAULT.has(error.code)) throw error
        failures.push({ task, error })
      }
    }
    return { calls: count.calls, records: count.records, overwritten: count.overwritten, empty, failures }
  }

  async close(): Promise<void> {
    for (const history of this.#histories.values()) await (await history.catch(() => undefined))?.close()
    await this.#consuming
    await this.#host.close?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #window(history: History, task: BackfillTask, id: string, open: OpenWindow, signal: AbortSignal | undefined) {
    const { window, numbers } = open
    const { from, to, refused } = window
    const nothing = (reason: string): Done => ({ records: 0, overwritten: 0, held: [], empty: [{ from, to }], reason })
    let done: Done
    if (refused !== undefined) done = nothing(refused)
    else {
      await this.coverage.request(id, { from, to }, numbers)
      try {
        const arrivals = await this.#carry(history, task, window, signal)
        const { held, empty } = arrivals.result()
        // What is this recent the provider may still add.
        const past = { from: Number.MIN_SAFE_INTEGER, to: Math.max(from, nowMicros() - 2 * window.spacing) }
        const { count: records, overwritten } = arrivals
        done = { records, overwritten, held, empty: intersect(empty, [past]), reason: `${task.source} has nothing there` }
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

  /** The table tells which numbers came. They lie between records that are there, so the provider adds none later. */
  async #settleNumbers(id: string, { from, to }: HistoryWindow, numbers: NumberRange, reason: string): Promise<readonly Span[]> {
    const missing = await this.coverage.settleNumbers(id, { from, to }, numbers, reason)
    return missing.length > 0 ? [{ from, to }] : []
  }

  /** Asks for a window, and returns when all of it is stored. */
  async #carry(history: History, task: BackfillTask, window: HistoryWindow, signal?: AbortSignal): Promise<Arrivals> {
    const { source, series } = task
    const { stream, store } = this.#host
    const logger = this.#logger.child({ source, coin: series.coinId })
    const arrivals = await retry(
      async () => {
        const came = new Arrivals(window, recordTypes[series.type].series.proof)
        const windowSource = new WindowSource(source, series.type, came, (stop) => history.fetch(series, window, stop))
        await new CryptoDataPublisher({
          source: windowSource,
          stream,
          logger,
          now: store.clock.now,
          calendars: store.calendars,
        }).run(signal)
        throwIfAborted(signal)
        return came
      },
      {
        ...PATIENCE,
        signal,
        onRetry: ({ error, waitMs }) => this.#notice(retrying(error, waitMs)),
      },
    )
    if (arrivals.count > 0) await this.#stored(recordTypes[series.type].topic, signal)
    return arrivals
  }

  /** The groups that store a topic. @throws QiError CONFIG_INVALID where there is none: what is published would stay there */
  #groups(topic: string): readonly string[] {
    const { config } = this.#host
    const groups = config.consumers.flatMap((name) => {
      const found = consumers[name]
      return found?.topics.includes(topic) ? [found.group] : []
    })
    if (groups.length > 0) return groups
    const message = `consumers: none of ${config.consumers.join(', ')} stores ${topic}`
    throw new QiError('CONFIG_INVALID', message, { field: 'consumers' })
  }

  /** A platform that runs stores what was published; where none does, this process does it. */
  async #stored(topic: string, signal: AbortSignal | undefined): Promise<void> {
    const { stream } = this.#host
    await this.#consume()
    await untilStored({ stream, topic, groups: this.#groups(topic), signal, onWait: () => this.#consume() })
  }

  async #consume(): Promise<void> {
    if (this.#consuming || (await this.coverage.platformRuns())) return
    this.#consuming ??= this.#host.consume()
    await this.#consuming
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

/** Outcome of a window. */
interface Done {
  readonly records: number
  readonly overwritten: number
  readonly held: readonly Span[]
  readonly empty: readonly Span[]
  readonly reason: string
}

/** A window that is to be asked for. */
interface OpenWindow {
  readonly window: HistoryWindow
  /** The numbers that are wanted of it, where records are missing by number. */
  readonly numbers?: NumberRange
  /** True if it is the last that is asked for these numbers. */
  readonly settles: boolean
}

/** The windows of a task, each cut to what is not settled; then those of the numbers that are missing. */
function* openWindows(
  history: History,
  { series, spans, numbered }: BackfillTask,
  settled: readonly Span[],
): Generator<OpenWindow> {
  const wanted = union(spans)
  const all = hull(wanted)
  if (all)
    for (const window of history.plan(series, all.from, all.to)) {
      const part = hull(intersect(subtract([window], settled), wanted))
      if (part) yield { window: { ...window, ...part }, settles: true }
    }
  for (const { from, to, first, last } of numbered) {
    const windows = [...history.plan(series, from, to, { first, last })]
    for (const [i, window] of windows.entries())
      yield window.first !== undefined && window.last !== undefined
        ? { window, numbers: { first: window.first, last: window.last }, settles: true }
        : { window, numbers: { first, last }, settles: i === windows.length - 1 }
  }
}
