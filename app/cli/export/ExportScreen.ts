import type { HistoryPiece } from '../../../lib/src/base/database/index.ts'
import { countOf, escapeHidden, formatTime } from '../../../lib/src/base/types/index.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { size } from '../text/size.ts'
import { progressBar } from '../text/spans.ts'
import { Screen } from '../up/Screen.ts'

/** Time between two lines of progress without a terminal. */
const QUIET_MS = 10_000

export interface ExportProgress {
  readonly rows: number
  readonly bytes: number
  /** Share of the whole export, 0 to 1; undefined if unknown. */
  readonly share: number | undefined
}

/** Shows the progress of an export: on a terminal in one line that is redrawn, elsewhere in lines, with --json as objects. */
export class ExportScreen {
  readonly #session: Session
  readonly #screen: Screen
  readonly #began = performance.now()
  #toldAt = performance.now()
  #before = 0

  constructor(session: Session) {
    this.#session = session
    // Progress goes to stderr, because the records may go to stdout.
    this.#screen = new Screen({ out: session.err, err: session.err, json: session.json })
  }

  /** @param rows records written before the interruption */
  resumed(rows: number): void {
    this.#before = rows
    this.#screen.notice(`Resuming after ${countOf(rows, 'record')}.`, { event: 'resumed', rows })
  }

  notice(text: string, event: string): void {
    this.#screen.notice(text, { event })
  }

  progress(
    { rows, bytes, share }: ExportProgress,
    { names: [coin = '', source = ''], time }: Pick<HistoryPiece, 'names' | 'time'>,
  ): void {
    const elapsedMs = performance.now() - this.#began
    const rate = Math.round((rows - this.#before) / Math.max(elapsedMs / 1000, 0.001))
    const at = `${escapeHidden(coin || source)} ${formatTime(time)}`
    const text = `${countOf(rows, 'record')}, ${size(bytes)} (${rate}/s)`
    if (this.#screen.isLive) this.#screen.status(`${share === undefined ? '' : `${progressBar(share)} `}${text}  ${at}`)
    if (this.#screen.isLive || performance.now() - this.#toldAt < QUIET_MS) return
    this.#toldAt = performance.now()
    const part = share === undefined ? {} : { share: Number(share.toFixed(4)) }
    this.#screen.notice(`${share === undefined ? '' : `${Math.floor(share * 100)} %: `}${text}, at ${at}`, {
      event: 'progress',
      rows,
      bytes,
      ...part,
    })
  }

  async done(output: string, files: number, rows: number, bytes: number): Promise<void> {
    this.#screen.status('')
    const ms = performance.now() - this.#began
    if (this.#session.json)
      await this.#session.err.line(JSON.stringify({ event: 'done', output, files, rows, bytes, ms: Math.round(ms) }))
    else {
      const where = files === 1 ? output : `${countOf(files, 'file')} in ${output}`
      await this.#session.err.line(`Done: ${countOf(rows, 'record')}, ${size(bytes)} in ${duration(ms)}: ${escapeHidden(where)}`)
    }
  }

  close(): void {
    this.#screen.status('')
  }
}
