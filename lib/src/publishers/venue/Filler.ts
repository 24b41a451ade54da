import type { Clock } from '../../base/networking/index.ts'
import { countOf, errorMessage, type Logger, type Trade } from '../../base/types/index.ts'
import type { Gap } from './Sequencer.ts'
import type { Listed, Page, TradeHistory } from './types.ts'

export interface FillerOptions {
  readonly source: string
  readonly history: TradeHistory
  readonly instrument: (coinId: string) => Listed | undefined
  /** Wait before a gap is asked for: the other feed of a twin usually brings it. */
  readonly graceMs: number
  /** Trades of one gap that are fetched at once; a longer gap is left to `qicore backfill`. */
  readonly most: number
  /** Takes a page; waits while there is no room. */
  readonly onPage: (page: Page<Trade>) => Promise<void>
  /** Called when nothing more comes for the gap. */
  readonly onEnd: (gap: Gap) => void
  readonly logger: Logger
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Gaps that are fetched at the same time: the rate limit orders their calls. */
const AT_ONCE = 4

/** Counters of the fills of a source. */
export interface FillCounts {
  gaps: number
  filled: number
  missing: number
}

/** Fetches missing trades over REST, a gap of an instrument at a time, several instruments beside each other. */
export class Filler {
  readonly counts: FillCounts = { gaps: 0, filled: 0, missing: 0 }
  readonly #options: FillerOptions
  readonly #waiting: (() => Promise<void>)[] = []
  readonly #running = new Set<Promise<void>>()

  constructor(options: FillerOptions) {
    this.#options = options
  }

  /** Numbers that are missing. @param stillMissing false once they came by themselves */
  gap(gap: Gap, stillMissing: () => boolean): void {
    this.#add(() => this.#fill(gap, stillMissing))
  }

  /** The last trades of a venue without numbers: all that it still has of the time of a cut. */
  recent(instruments: readonly Listed[]): void {
    for (const instrument of instruments) this.#add(() => this.#recent(instrument))
  }

  /** Any other fetch that is to share the turns. */
  run(job: () => Promise<void>): void {
    this.#add(job)
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #add(job: () => Promise<void>): void {
    this.#waiting.push(job)
    this.#next()
  }

  #next(): void {
    while (this.#running.size < AT_ONCE && !this.#options.signal.aborted) {
      const job = this.#waiting.shift()
      if (!job) return
      const run = job()
        .catch((error) => {
          if (!this.#options.signal.aborted)
            this.#options.logger.warn({ err: error }, `fetch of missing data failed: ${errorMessage(error)}`)
        })
        .finally(() => {
          this.#running.delete(run)
          this.#next()
        })
      this.#running.add(run)
    }
  }

  async #fill(gap: Gap, stillMissing: () => boolean): Promise<void> {
    const { coinId, first, last } = gap
    const { source, history, instrument, graceMs, most, onPage, onEnd, logger, clock, signal } = this.#options
    if (graceMs > 0) await clock.sleep(graceMs, signal)
    if (!stillMissing()) return
    this.counts.gaps++
    const missing = last - first + 1
    if (missing > most) {
      this.counts.missing += missing
      logger.warn(
        { coin: coinId, first, last },
        `${countOf(missing, 'trade')} of ${coinId} missing, numbers ${first} to ${last}: ${most === 0 ? 'fill is none' : 'more than fill_max'}; fetch them with qicore backfill --gaps --source ${source} --type trade`,
      )
      onEnd(gap)
      return
    }
    let came = 0
    const listed = instrument(coinId)
    try {
      if (listed && history.byNumber)
        for await (const page of history.byNumber(listed, gap, signal)) {
          came += page.records.length
          await onPage(page)
        }
    } catch (error) {
      if (signal.aborted) throw error
      logger.warn({ coin: coinId, first, last }, `missing trades of ${coinId} could not be fetched: ${errorMessage(error)}`)
    } finally {
      this.counts.filled += came
      this.counts.missing += Math.max(0, missing - came)
      if (!signal.aborted) onEnd(gap)
    }
    const text = `${coinId}: ${came} of ${countOf(missing, 'missing trade')} fetched, numbers ${first} to ${last}`
    if (came < missing) logger.warn({ coin: coinId, first, last, missing: missing - came }, text)
    else logger.info({ coin: coinId, first, last }, text)
  }

  async #recent(listed: Listed): Promise<void> {
    const { history, onPage, signal } = this.#options
    if (!history.recent) return
    this.counts.gaps++
    const page = await history.recent(listed, signal)
    this.counts.filled += page.records.length
    await onPage(page)
  }
}
