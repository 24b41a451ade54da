import { countOf, escapeHidden } from '../../../lib/src/base/types/index.ts'
import type { ImportFailure, ImportProgress, ImportResult } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { duration } from '../text/age.ts'
import { size } from '../text/size.ts'
import { progressBar } from '../text/spans.ts'
import { Screen } from '../up/Screen.ts'

/** Time between two lines of progress without a terminal. */
const QUIET_MS = 10_000
/** Time between two looks of a terminal's line. */
const REDRAWN_MS = 200

/** Shows the progress of an import: on a terminal in one line that is redrawn, elsewhere in lines, with --json as objects. */
export class ImportScreen {
  readonly #session: Session
  readonly #screen: Screen
  readonly #began = performance.now()
  #shownAt = performance.now()

  constructor(session: Session) {
    this.#session = session
    this.#screen = new Screen(session)
  }

  notice(text: string, event = 'notice'): void {
    this.#screen.notice(text, { event })
  }

  failure({ file, error }: ImportFailure): void {
    if (this.#session.json) this.#screen.notice(error.message, { event: 'failure', file, error: error.toJSON() })
    else this.#screen.log(this.#session.err.style('red', escapeHidden(error.message)))
  }

  progress({ file, files, filesInAll, bytes, bytesInAll, read, refused }: ImportProgress): void {
    const now = performance.now()
    if (now - this.#shownAt < (this.#screen.isLive ? REDRAWN_MS : QUIET_MS)) return
    this.#shownAt = now
    const elapsedMs = now - this.#began
    const rate = Math.round(read / (elapsedMs / 1000))
    const share = bytesInAll === 0 ? 1 : bytes / bytesInAll
    const etaMs = share === 0 ? undefined : (elapsedMs / share) * (1 - share)
    const left = etaMs === undefined ? '' : `, ${duration(etaMs)} left`
    const text = `${countOf(read, 'row')} (${rate}/s), ${size(bytes)} of ${size(bytesInAll)}${left}`
    const at = `${escapeHidden(file)} (${Math.min(files + 1, filesInAll)} of ${filesInAll})`
    if (this.#screen.isLive) this.#screen.status(`${progressBar(share)} ${text}  ${at}`)
    else
      this.#screen.notice(`${Math.floor(share * 100)} %: ${text}, ${at}`, {
        ...{
          event: 'progress',
          file,
          files,
          files_in_all: filesInAll,
          bytes: Math.round(bytes),
          bytes_in_all: bytesInAll,
          read,
          refused,
        },
        ...(etaMs !== undefined && { eta_ms: Math.round(etaMs) }),
      })
  }

  async done(result: ImportResult, isDry: boolean): Promise<void> {
    this.#screen.status('')
    const { out } = this.#session
    const { files, unchanged, read, published, refused, stored, overwritten, failed } = result
    const ms = performance.now() - this.#began
    if (this.#session.json) {
      const counts = {
        files,
        unchanged,
        failed,
        read,
        published,
        refused,
        stored: stored ?? null,
        overwritten: overwritten ?? null,
      }
      await out.line(JSON.stringify({ event: 'done', dry_run: isDry, ...counts, ms: Math.round(ms) }))
      return
    }
    const parts = [
      `${countOf(read, 'row')} read`,
      `${published} ${isDry ? 'would be published' : 'published'}`,
      ...(isDry ? [] : [stored === undefined ? 'stored by the platform that runs' : `${stored} stored`]),
      ...(overwritten ? [`${overwritten} overwritten (their keys were stored already)`] : []),
      ...(refused > 0 ? [`${refused} refused${isDry ? '' : ' (qicore dlq list)'}`] : []),
    ]
    const skipped = [
      ...(unchanged > 0 ? [`${countOf(unchanged, 'file')} imported before (--again imports them again)`] : []),
      ...(failed > 0 ? [`${countOf(failed, 'file')} not imported, or only in part`] : []),
    ]
    await out.line(
      `Done: ${countOf(files, 'file')}${skipped.length > 0 ? `, ${skipped.join(', ')}` : ''}: ${parts.join(', ')}, in ${duration(ms)}.`,
    )
  }

  close(): void {
    this.#screen.status('')
  }
}
