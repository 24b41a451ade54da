import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { QiError, type RecordType } from '../../types/index.ts'
import { type SegmentFormat, type SegmentRecords, synced } from '../formats/format.ts'
import type { KeptFile } from './archive.ts'
import { type Keyed, LineSorter } from './LineSorter.ts'
import { RecordOrder } from './RecordOrder.ts'

/** An input file of a day. */
export interface DayFile {
  readonly file: KeptFile
  readonly format: SegmentFormat
  /** Number of records that it was written with; undefined where that is unknown. */
  readonly rows: number | undefined
}

export interface DayJob {
  readonly type: RecordType
  readonly files: readonly DayFile[]
  readonly format: SegmentFormat
  /** An existing local folder. */
  readonly scratch: string
  readonly signal: AbortSignal
}

export interface MadeDay {
  /** The file, complete and synced to disk. */
  readonly path: string
  readonly read: number
  readonly rows: number
}

const PIECE_BYTES = 1 << 16
const NEWLINE = 10
const LINE_END = Buffer.from('\n')

/**
 * Makes one file of many: each record once, sorted by series and time. Memory is bounded for any size. After a failure the owner of the
 * scratch folder removes the files in it.
 */
export async function compactDay({ type, files, format, scratch, signal }: DayJob): Promise<MadeDay> {
  const order = new RecordOrder(type)
  const sorter = new LineSorter({ folder: scratch, winner: (a, b) => order.winner(a, b) })
  let read = 0
  for (const one of files) {
    signal.throwIfAborted()
    // One after another, so that only one fetched file takes space.
    await using file = await one.file.open(scratch, signal)
    read += await readInto(sorter, order, type, file.path, one, signal)
  }
  const path = join(scratch, `${randomUUID()}.${format.extension}`)
  let rows = 0
  const counted = async function* () {
    for await (const one of ordered(sorter, order, scratch)) {
      rows++
      yield one.line
    }
  }
  await format.write(type, recordsOf(read, counted, signal), path)
  await sorter.remove()
  return { path, read, rows }
}

async function readInto(
  sorter: LineSorter,
  order: RecordOrder,
  type: RecordType,
  path: string,
  { file: { place }, format, rows }: DayFile,
  signal: AbortSignal,
): Promise<number> {
  let found = 0
  try {
    for await (const piece of format.read(type, path)) {
      signal.throwIfAborted()
      order.open(piece)
      for (let from = 0; from < piece.length; found++) {
        const end = piece.indexOf(NEWLINE, from)
        const full = sorter.add(order.keyOf(from, end), piece.subarray(from, end))
        if (full) await full
        from = end + 1
      }
      // Lets other work of the process run.
      await setImmediate()
    }
  } catch (error) {
    if (signal.aborted || (error as NodeJS.ErrnoException).syscall !== undefined) throw error
    throw damaged(place, (error as Error).message, error)
  }
  if (rows !== undefined && found !== rows) throw damaged(place, `it has ${found} records instead of ${rows}`)
  return found
}

const damaged = (place: string, why: string, cause?: unknown): QiError =>
  new QiError('BAD_DATA', `${place} is damaged: ${why}; restore it from a backup`, { cause })

/** The lines by series and time; lines of one time in the order in which they happened. */
async function* ordered(sorter: LineSorter, order: RecordOrder, folder: string): AsyncGenerator<Keyed> {
  if (!order.ordersMoments) {
    yield* sorter.sorted()
    return
  }
  let moment: Buffer = Buffer.alloc(0)
  let first: Keyed | undefined
  let others: LineSorter | undefined
  const flush = async function* () {
    if (others) {
      yield* others.sorted()
      await others.remove()
    } else if (first) yield first
  }
  for await (const one of sorter.sorted()) {
    const length = order.momentOf(one.key)
    if (first && one.key.compare(moment, 0, moment.length, 0, length) === 0) {
      if (!others) {
        others = new LineSorter({ folder })
        await others.add(order.withinMoment(first.line), first.line)
      }
      await others.add(order.withinMoment(one.line), one.line)
      continue
    }
    yield* flush()
    moment = one.key.subarray(0, length)
    first = one
    others = undefined
  }
  yield* flush()
}

/** @param most upper bound of the number of lines */
function recordsOf(most: number, lines: () => AsyncIterable<Buffer>, signal: AbortSignal): SegmentRecords {
  const pieces = async function* () {
    let parts: Buffer[] = []
    let bytes = 0
    for await (const line of lines()) {
      parts.push(line, LINE_END)
      bytes += line.length + 1
      if (bytes < PIECE_BYTES) continue
      signal.throwIfAborted()
      yield Buffer.concat(parts)
      await setImmediate()
      parts = []
      bytes = 0
    }
    if (bytes > 0) yield Buffer.concat(parts)
  }
  return {
    rows: most,
    pieces,
    store: async (path) => {
      await pipeline(Readable.from(pieces()), createWriteStream(path, { flags: 'wx' }))
      await synced(path)
    },
  }
}
