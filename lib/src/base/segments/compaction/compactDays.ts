import { mkdir, rm } from 'node:fs/promises'
import { type CompactionReport, type DayReport, QiError, type RecordType, recordTypes } from '../../types/index.ts'
import type { SegmentFormat } from '../formats/format.ts'
import { onDisk } from '../SegmentCollector.ts'
import type { DayArchive, KeptFile } from './archive.ts'
import { compactDay, type DayFile } from './compactDay.ts'

export interface CompactionOptions {
  readonly archive: DayArchive
  /** Format of the days. */
  readonly format: SegmentFormat
  /** The format of an extension; undefined where it is unknown. */
  readonly formatOf: (extension: string) => SegmentFormat | undefined
  /** A local folder of its own; it is emptied. */
  readonly scratch: string
  /** Days that end by then are compacted, in milliseconds since 1970. */
  readonly until: number
  readonly signal: AbortSignal
  /** Called with each compacted day. */
  readonly onDay?: (day: DayReport) => void
}

const FOLDER = /^([a-z_]+)\/source=[^/]+\/date=(\d{4}-\d\d-\d\d)$/
const DAY_MS = 86_400_000
/** Most attempts for a day that another process has published meanwhile. */
const MOST_ATTEMPTS = 3

/**
 * Makes one sorted file of each day that is over, and again where new segments have arrived. Segments stay. A second process at the same
 * time is harmless. After a kill the next run continues; readers never see a part of a day.
 * @throws QiError where no day can be compacted, as on a full disk; CANCELLED by the signal
 */
export async function compactDays(options: CompactionOptions): Promise<CompactionReport> {
  const { archive, scratch, until, signal, onDay } = options
  const made: DayReport[] = []
  const failed: { folder: string; error: QiError }[] = []
  let unchanged = 0
  try {
    for (const folder of (await archive.folders()).toSorted()) {
      signal.throwIfAborted()
      const [, typeName = '', date = ''] = FOLDER.exec(folder) ?? []
      if (!(Date.parse(date) + DAY_MS <= until)) continue
      try {
        const day = await makeDay(options, typeName, folder)
        if (day) made.push(day)
        else unchanged++
        if (day) onDay?.(day)
      } catch (thrown) {
        signal.throwIfAborted()
        const error = onDisk(thrown)
        if (error.retryable) throw error
        failed.push({ folder, error })
      }
    }
  } catch (error) {
    if (signal.aborted) throw new QiError('CANCELLED', 'compaction was stopped; the next run continues', { cause: error })
    throw onDisk(error)
  } finally {
    await rm(scratch, { recursive: true, force: true }).catch(() => {})
  }
  return { made, unchanged, failed }
}

/** Compacts a day. @returns undefined where it is up to date */
async function makeDay(options: CompactionOptions, typeName: string, folder: string): Promise<DayReport | undefined> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const job = await jobOf(options, typeName, folder)
    if (!job) return undefined
    const { archive, format, scratch, signal } = options
    const { type, files, segments } = job
    await rm(scratch, { recursive: true, force: true })
    await mkdir(scratch, { recursive: true })
    const { path, read, rows } = await compactDay({ type, files, format, scratch, signal })
    signal.throwIfAborted()
    const published = await archive.publish(folder, path)
    if (published === undefined) continue
    await archive.note(folder, published, { rows, segments })
    return { folder, segments: segments.size, read, rows }
  }
  throw new QiError('CONFLICT', `${folder}: other processes compact it at the same time: let one of them do it`)
}

interface Job {
  readonly type: RecordType
  readonly files: readonly DayFile[]
  /** Last offsets by name. */
  readonly segments: ReadonlyMap<string, bigint>
}

/** The input of a day. @returns undefined where the day is up to date */
async function jobOf({ archive, formatOf }: CompactionOptions, typeName: string, folder: string): Promise<Job | undefined> {
  // In this order: what is published in place of this day is at least made of what this one was made of.
  const before = await archive.day(folder)
  const names = await archive.names(folder)
  if (names.length === 0) return undefined
  if (before?.current && before.segments.size === names.length && names.every((name) => before.segments.has(name)))
    return undefined
  const type = (recordTypes as unknown as Readonly<Record<string, RecordType>>)[typeName]
  if (!type) throw new QiError('UNSUPPORTED', `${folder}: this version knows no records of the type ${typeName}`)
  const files: DayFile[] = []
  const segments = new Map<string, bigint>()
  const add = (file: KeptFile, extension: string, rows?: number) => {
    const found = formatOf(extension)
    if (!found) throw new QiError('UNSUPPORTED', `${file.place}: this version cannot read files that end in .${extension}`)
    files.push({ file, format: found, rows })
  }
  let removed: string | undefined
  for (const name of names) {
    const { file, extension, rows, last, place } = await archive.segment(folder, name)
    segments.set(name, last)
    if (file) add(file, extension, rows)
    else if (before?.file && before.segments.has(name)) removed ??= name
    else throw new QiError('NOT_FOUND', `${place} is gone: restore it from a backup`)
  }
  // Records of segments that were removed are in the day itself.
  if (removed !== undefined && before?.file) add(before.file, before.extension)
  return { type, files, segments }
}

/** The failures of a report as one error; undefined where there are none. */
export const failureOf = ({ failed }: CompactionReport): QiError | undefined => {
  const [first] = failed
  if (!first) return undefined
  const others = failed.length > 1 ? `, and ${failed.length - 1} others` : ''
  return new QiError(first.error.code, `${first.folder}: ${first.error.message}${others}`, { cause: first.error })
}
