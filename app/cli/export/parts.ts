import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StoredHistory } from '../../../lib/src/base/database/index.ts'
import {
  ExportFile,
  ExportFolder,
  type ExportForm,
  type ExportPart,
  type Period,
  partsOf,
  suffixOf,
} from '../../../lib/src/base/segments/index.ts'
import { type ExportContext, rangeOf } from './context.ts'

interface Target {
  readonly folder: string
  readonly form: ExportForm
  readonly period: Period
}

/** Writes a file for each series and period. When the same command is given again, complete files are not written again. */
export async function exportParts(context: ExportContext, { folder: path, form, period }: Target): Promise<void> {
  const { session, store, kind, job, screen, overwrite } = context
  await using folder = await ExportFolder.open(path, job, overwrite)
  const range = rangeOf(folder.meant)
  const all = (await kind.open(store.dsl, range)) as StoredHistory
  const total = { files: 0, rows: 0, bytes: 0 }
  for await (const { names, first, last } of all.series())
    for (const part of partsOf({ names, first, last }, period, suffixOf(form), range)) {
      session.signal.throwIfAborted()
      if (folder.isDone(part.file)) {
        total.files++
        continue
      }
      const { rows, bytes } = await writePart(part, names)
      await folder.done(part.file)
      if (rows > 0) total.files++
      total.rows += rows
      total.bytes += bytes
      const share = (part.to - Math.max(first, range.from)) / Math.max(1, Math.min(last, range.to) - Math.max(first, range.from))
      screen.progress({ ...total, share: Math.min(1, share) }, { names: Object.values(names), time: part.to - 1 })
    }
  await folder.finish()
  await screen.done(path, total.files, total.rows, total.bytes)

  async function writePart(part: ExportPart, names: Readonly<Record<string, string>>) {
    const { coin_id: coin, ...others } = Object.fromEntries(Object.entries(names).filter(([, value]) => value !== ''))
    const { from, to } = part
    const history = await kind.open(store.dsl, {
      ...others,
      ...(coin !== undefined && { coin }),
      from,
      to,
      includeSimulated: true,
    })
    const at = join(path, part.file)
    let file: ExportFile | undefined
    try {
      for await (const piece of history.pieces(kind.lines(form.format), session.signal)) {
        if (!file) {
          await mkdir(dirname(at), { recursive: true })
          file = await ExportFile.open({ path: at, form, type: kind.type, job, overwrite: true })
        }
        await file.write(piece)
      }
      await file?.finish()
    } finally {
      await file?.[Symbol.asyncDispose]()
    }
    return { rows: file?.rows ?? 0, bytes: file?.bytes ?? 0 }
  }
}
