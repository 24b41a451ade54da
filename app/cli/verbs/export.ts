import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { HistoryPiece } from '../../../lib/src/base/database/index.ts'
import {
  EXPORT_FORMATS,
  ExportFile,
  type ExportForm,
  type ExportFormat,
  type ExportJob,
  exportForm,
  PERIODS,
} from '../../../lib/src/base/segments/index.ts'
import { formatTime, QiError, suggest } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import { claimOutput } from '../export/claimOutput.ts'
import { type ExportContext, rangeOf } from '../export/context.ts'
import type { ExportInput } from '../export/ExportInput.ts'
import { ExportScreen } from '../export/ExportScreen.ts'
import { AHEAD, exportKind, KINDS } from '../export/kinds.ts'
import { exportParts } from '../export/parts.ts'
import { exportToOutput } from '../export/toOutput.ts'
import type { Session } from '../session.ts'

export async function run(session: Session, input: ExportInput): Promise<undefined> {
  const { output, overwrite = false, partition, ...asked } = input
  const format = oneOf(EXPORT_FORMATS, asked.format, 'format')
  const period = oneOf(PERIODS, partition, 'partition')
  oneOf(KINDS, asked.kind, 'kind')
  if (output === undefined)
    throw new QiError('BAD_REQUEST', 'output is missing: name a file with -o btc.parquet, or -o - for the standard output', {
      field: 'output',
    })
  const kind = exportKind(asked)
  const job: ExportJob = { asked: { ...asked, ...(period && { partition: period }) }, meant: timesOf(kind.range) }
  await using store = await openReadsOf(session, await session.load())
  if (output === '-') {
    if (period) throw new QiError('BAD_REQUEST', 'partition: its files need a folder; name one with -o', { field: 'partition' })
    return await exportToOutput(session, store, kind, format ?? 'csv')
  }
  const screen = new ExportScreen(session)
  session.interrupt.onFirst(() => screen.notice('Stopping. The same command goes on from there.', 'stopping'))
  try {
    const path = resolve(output)
    const context = { session, store, kind, job, screen, overwrite }
    // Refuses before anything is written.
    await kind.open(store.dsl, kind.range)
    if (period) {
      if (kind.name === 'candles')
        throw new QiError('BAD_REQUEST', 'partition: candles go into one file; leave --partition out, or export ohlcv', {
          field: 'partition',
        })
      const form = formOfParts(format)
      await mkdir(path, { recursive: true })
      await using _claim = await claimOutput(path, join(path, '.qicore-export.lock'))
      await exportParts(context, { folder: path, form, period })
    } else {
      const form = exportForm(path, format)
      await mkdir(dirname(path), { recursive: true })
      await using _claim = await claimOutput(path, `${path}.lock`)
      await exportFile(context, path, output, form)
    }
  } finally {
    screen.close()
  }
}

async function exportFile(context: ExportContext, path: string, shown: string, form: ExportForm): Promise<void> {
  const { session, store, kind, job, screen, overwrite } = context
  const { rows, bytes } = (overwrite ? undefined : await ExportFile.completed(path, job)) ?? (await written())
  await screen.done(shown, 1, rows, bytes)

  async function written() {
    await using file = await ExportFile.open({ path, form, type: kind.type, job, overwrite })
    if (file.rows > 0) screen.resumed(file.rows)
    const range = rangeOf(file.meant)
    const history = await kind.open(store.dsl, { ...range, ...(file.after !== undefined && { after: file.after }) })
    const share = await kind.shares(store.dsl, range)
    try {
      for await (const piece of history.pieces(kind.lines(form.format), session.signal, AHEAD)) {
        await file.write(piece)
        screen.progress({ rows: file.rows, bytes: file.bytes, share: share?.(piece as HistoryPiece) }, piece)
      }
    } catch (error) {
      await file.checkpoint().catch(() => {}) // the failure is the one that is reported
      throw error
    }
    await file.finish()
    return { rows: file.rows, bytes: file.bytes }
  }
}

const timesOf = ({ from, to }: { readonly from: number; readonly to: number }) => ({ from: formatTime(from), to: formatTime(to) })

function formOfParts(format: ExportFormat | undefined): ExportForm {
  if (format) return { format, compression: 'none' }
  throw new QiError('BAD_REQUEST', `format is missing: name one of ${EXPORT_FORMATS.join(', ')} with --format`, {
    field: 'format',
  })
}

function oneOf<T extends string>(known: readonly T[], given: string | undefined, field: string): T | undefined {
  if (given === undefined || (known as readonly string[]).includes(given)) return given as T | undefined
  throw new QiError('BAD_REQUEST', `${field} "${given}" is unknown${suggest(given, known)}`, { field })
}
