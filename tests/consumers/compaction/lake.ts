import { join } from 'node:path'
import { expect } from 'vitest'
import { compactDays, type DayArchive, ndjson, type SegmentFormat } from '../../../lib/src/base/segments/index.ts'
import {
  type CompactionReport,
  encodedBatch,
  type RecordType,
  type SegmentSink,
  silentLogger,
} from '../../../lib/src/base/types/index.ts'
import { FolderArchive } from '../../../lib/src/consumers/sinks/file/FolderArchive.ts'
import { FolderDays } from '../../../lib/src/consumers/sinks/file/FolderDays.ts'
import { file } from '../../../lib/src/consumers/sinks/file/index.ts'
import { formatOfExtension } from '../../../lib/src/consumers/sinks/shared/segments.ts'
import { MINUTE, MONDAY } from '../../database/records.ts'
import { suiteFolder } from '../../support/temporary.ts'

export const DAY = 1440 * MINUTE
const AFTER_ALL = (MONDAY + 10 * DAY) / 1000
const never = new AbortController().signal

/** Makes segment destinations, each in a folder of its own, with compaction. */
export async function lakes(name: string) {
  const folder = await suiteFolder(name)
  let made = 0
  return async (format: SegmentFormat = ndjson('none')) => {
    const root = join(folder, `${made++}`, 'lake')
    const daysRoot = `${root}-compacted`
    const { extension } = format
    const [kind, packed] = extension.split('.')
    const compression = packed === 'gz' ? 'gzip' : packed === 'zst' ? 'zstd' : 'none'
    const context = {
      name: 'lake',
      pipeline: 'lake',
      logger: silentLogger,
      signal: never,
      home: folder,
      store: undefined as never,
    }
    const settings = file.config.parse({ path: root, format: kind, compression })
    const sink = (await file.open(settings, context)) as SegmentSink
    const segments = new FolderArchive({ root, extension, destination: 'lake', pipeline: 'lake' })
    const days = new FolderDays({ segments, root, daysRoot, extension })
    let offset = 0
    return {
      root,
      daysRoot,
      days,
      /** Stores a segment of these records. */
      add: async (type: RecordType, lines: readonly string[]) => {
        const writer = await sink.openLane({ index: 0 })
        const messages = lines.map((line, i) => ({
          offset: BigInt(offset + i),
          key: null,
          value: Buffer.from(line),
          timestamp: 0,
        }))
        expect(await writer.add(type, encodedBatch(type.topic, 0, messages))).toEqual([])
        offset += lines.length
        await writer.seal(never)
        await writer[Symbol.asyncDispose]()
      },
      compact: (archive: DayArchive = days, until = AFTER_ALL, signal = never): Promise<CompactionReport> =>
        compactDays({ archive, format, formatOf: formatOfExtension, scratch: days.scratch, until, signal }),
    }
  }
}
