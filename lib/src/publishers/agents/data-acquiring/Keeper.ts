import type { AgentParts } from '../../../base/agent/index.ts'
import { systemClock } from '../../../base/networking/index.ts'
import { type Logger, QiError, toQiError } from '../../../base/types/index.ts'
import type { CoinGeckoAgent } from './CoinGeckoAgent.ts'
import type { WatchJob } from './jobs.ts'
import type { WatchTable } from './table/WatchTable.ts'

export interface KeeperParts {
  readonly table: WatchTable
  readonly coingecko: CoinGeckoAgent
  readonly publish: AgentParts['publish']
  readonly spacingMs: number
  readonly callsAtOnce: number
  readonly logger: Logger
}

export interface Done {
  readonly calls: number
  readonly failed: number
  readonly records: number
}

/** Longest sleep: another process may give a job back meanwhile. */
const LOOK_MS = 1000
/** Pause after a failure that every call would have, such as a refused key. */
const REST_MS = 60_000

/** Carries out the due jobs, shared with the keepers of other processes. */
export class Keeper {
  readonly #parts: KeeperParts
  /** Jobs whose outcome could not be written to the store. */
  readonly #unsettled = new Set<WatchJob>()
  /** By job: the problem logged last. One that stays, such as an unknown coin, is logged once. */
  readonly #logged = new Map<string, string>()
  #freedAt = Number.NEGATIVE_INFINITY

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  /** Works until the signal aborts, then gives its running jobs back. Waits while the store is away. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted)
      try {
        await this.#work(signal, false)
      } catch (error) {
        if (signal.aborted) return
        this.#parts.logger.warn({ err: toQiError(error) }, 'watched instruments cannot be refreshed; trying again')
        await systemClock.sleep(LOOK_MS, signal).catch(() => {})
      }
  }

  /** Works until no job is due, or the time is over. Other processes may still have jobs running. */
  async pass(signal: AbortSignal, withinMs: number): Promise<Done & { readonly more: boolean }> {
    return this.#work(signal, true, performance.now() + withinMs)
  }

  async #work(signal: AbortSignal, once: boolean, until = Number.POSITIVE_INFINITY): Promise<Done & { more: boolean }> {
    const underWay = new Set<Promise<void>>()
    const tally = { calls: 0, failed: 0, records: 0 }
    const begin = (job: WatchJob) => {
      const work: Promise<void> = this.#do(job, signal, tally).finally(() => underWay.delete(work))
      underWay.add(work)
    }
    let more = true
    try {
      while (more && !signal.aborted && performance.now() < until) more = await this.#next(signal, once, underWay, begin)
    } finally {
      await Promise.all(underWay)
    }
    return { ...tally, more }
  }

  /** Starts the next due job, or waits. @returns true to go on */
  async #next(
    signal: AbortSignal,
    once: boolean,
    underWay: ReadonlySet<Promise<void>>,
    begin: (job: WatchJob) => void,
  ): Promise<boolean> {
    const { table, spacingMs, callsAtOnce } = this.#parts
    await this.#free()
    if (underWay.size >= callsAtOnce) {
      await Promise.race(underWay)
      return true
    }
    const claim = await table.claim(spacingMs)
    if (claim.job) begin(claim.job)
    else if (once && claim.idle) return false
    else await systemClock.sleep(Math.min(claim.waitMs, LOOK_MS), signal).catch(() => {})
    return true
  }

  /** Frees the jobs of dead processes, and jobs whose outcome could not be written. */
  async #free(): Promise<void> {
    if (performance.now() - this.#freedAt < LOOK_MS) return
    const { table } = this.#parts
    await table.freeDead()
    for (const job of this.#unsettled) {
      await table.giveBack(job)
      this.#unsettled.delete(job)
    }
    this.#freedAt = performance.now()
  }

  async #do(job: WatchJob, signal: AbortSignal, tally: { calls: number; failed: number; records: number }): Promise<void> {
    const { table, coingecko, publish } = this.#parts
    tally.calls++
    try {
      const { batch, problem } = await coingecko.fetch(job, signal)
      const answeredAt = performance.now()
      if (batch.records.length === 0) throw new QiError('BAD_DATA', problem ?? 'CoinGecko gave no records')
      await publish<(typeof batch.records)[number]>(batch.type as never, batch.records)
      tally.records += batch.records.length
      await table.done(job, performance.now() - answeredAt, problem)
      this.#log(job, problem)
    } catch (thrown) {
      const error = toQiError(thrown)
      const noted = signal.aborted ? table.giveBack(job) : table.failed(job, error.message)
      await noted.catch(() => this.#unsettled.add(job))
      if (signal.aborted) return
      tally.failed++
      this.#log(job, error.message, error.code)
      if (error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN') await table.rest(REST_MS).catch(() => {})
    }
  }

  #log({ key: job }: WatchJob, problem: string | undefined, code?: string): void {
    if (this.#logged.get(job) === problem) return
    if (problem === undefined) {
      this.#logged.delete(job)
      this.#parts.logger.info({ job }, `${job}: complete again`)
    } else {
      this.#logged.set(job, problem)
      this.#parts.logger.warn({ job, ...(code && { code }) }, problem)
    }
  }
}
