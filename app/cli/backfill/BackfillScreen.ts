import { countOf, escapeHidden } from '../../../lib/src/base/types/index.ts'
import type { BackfillProgress, BackfillResult, BackfillTask } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { progressBar, spanWire } from '../text/spans.ts'
import { Screen } from '../up/Screen.ts'

/** Share of progress after which another line is printed without a terminal. */
const TENTH = 0.1

/** Shows the progress of a backfill: on a terminal in one line that is redrawn, elsewhere in lines, with --json as objects. */
export class BackfillScreen {
  readonly #screen: Screen
  readonly #json: boolean
  readonly #session: Session
  readonly #began = performance.now()
  #told = 0

  constructor(session: Session) {
    this.#session = session
    this.#screen = new Screen(session)
    this.#json = session.json
  }

  async started(series: number, calls: number): Promise<void> {
    const text = calls === 0 ? 'Nothing to fetch.' : `${countOf(calls, 'call')} for ${series} series.`
    this.#screen.notice(text, { event: 'started', series, calls })
  }

  notice(text: string, event = 'notice'): void {
    this.#screen.notice(text, { event })
  }

  progress(progress: BackfillProgress): void {
    const { calls, callsInAll, records, overwritten, task, window, missing } = progress
    const elapsedMs = performance.now() - this.#began
    const left = callsInAll - calls
    const etaMs = calls === 0 ? undefined : (elapsedMs / calls) * left
    if (this.#json) {
      const { coinId, currency, timeframe, type } = task.series
      const series = { source: task.source, coin_id: coinId, currency, type, ...(timeframe && { timeframe }) }
      const done = { calls, calls_left: left, records, overwritten, ...(etaMs !== undefined && { eta_ms: Math.round(etaMs) }) }
      void this.#session.out.line(
        JSON.stringify({ event: 'window', ...series, ...spanWire(window), ...done, ...(missing && { missing }) }),
      )
      return
    }
    const share = callsInAll === 0 ? 1 : calls / callsInAll
    const rate = Math.round(records / Math.max(elapsedMs / 1000, 0.001))
    const text = `${calls}/${countOf(callsInAll, 'call')}, ${countOf(records, 'record')} (${rate}/s)${etaMs === undefined || left === 0 ? '' : `, ${duration(etaMs)} left`}`
    if (this.#screen.isLive) this.#screen.status(`${progressBar(share)} ${text}  ${escapeHidden(task.series.coinId)}`)
    if (this.#screen.isLive || (share < this.#told + TENTH && left > 0)) return
    this.#told = Math.floor(share / TENTH) * TENTH
    this.#screen.notice(`${Math.round(share * 100)} %: ${text}`)
  }

  async done(
    { calls, records, overwritten, empty, failures }: BackfillResult,
    nameOf: (task: BackfillTask) => string,
  ): Promise<void> {
    this.#screen.status('')
    const { out, err } = this.#session
    if (this.#json) {
      await out.line(
        JSON.stringify({
          event: 'done',
          calls,
          records,
          overwritten,
          empty: empty.map(({ task, span, reason }) => ({
            coin_id: task.series.coinId,
            source: task.source,
            ...spanWire(span),
            reason,
          })),
          failures: failures.map(({ task, error }) => ({
            coin_id: task.series.coinId,
            source: task.source,
            error: error.toJSON(),
          })),
        }),
      )
      return
    }
    for (const { task, span, reason } of empty) {
      const { from, to } = spanWire(span)
      await out.line(out.style('yellow', escapeHidden(`no data: ${nameOf(task)}, ${from} to ${to}: ${reason}`)))
    }
    for (const { task, error } of failures) await err.line(err.style('red', escapeHidden(`${nameOf(task)}: ${error.message}`)))
    await out.line(
      `Done: ${countOf(records, 'record')}${overwritten > 0 ? `, ${overwritten} overwritten (duplicates),` : ''} by ${countOf(calls, 'call')} in ${duration(performance.now() - this.#began)}.`,
    )
  }

  close(): void {
    this.#screen.status('')
  }
}
