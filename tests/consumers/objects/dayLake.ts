import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compactDays, type DayArchive, type SegmentFormat } from '../../../lib/src/base/segments/index.ts'
import { type CompactionReport, encodedBatch, type RecordType } from '../../../lib/src/base/types/index.ts'
import { openGcs } from '../../../lib/src/consumers/sinks/gcs/GcsStore.ts'
import { gcs } from '../../../lib/src/consumers/sinks/gcs/index.ts'
import { s3 } from '../../../lib/src/consumers/sinks/s3/index.ts'
import { openS3 } from '../../../lib/src/consumers/sinks/s3/S3Store.ts'
import { ObjectDays } from '../../../lib/src/consumers/sinks/shared/objects/ObjectDays.ts'
import type { ObjectStore } from '../../../lib/src/consumers/sinks/shared/objects/ObjectStore.ts'
import { formatOfExtension } from '../../../lib/src/consumers/sinks/shared/segments.ts'
import { S3_KEYS } from '../../support/objectServers.ts'
import { temporary } from '../../support/temporary.ts'
import { BUCKET, never, type Open } from './destination.ts'

export type Kind = 's3' | 'gcs'

/** The bucket of the tests, as destinations access it. */
export function storeOf(kind: Kind, endpoint: string): Promise<ObjectStore> {
  const context = { name: 'lake', signal: never }
  const at = { bucket: BUCKET, endpoint }
  if (kind === 's3') return openS3(s3.config.parse({ ...at, ...S3_KEYS }), context)
  return openGcs(gcs.config.parse({ ...at, anonymous: true }), context)
}

export interface DayLakeOptions {
  readonly kind: Kind
  readonly open: Open
  readonly endpoint: string
  readonly prefix: string
  readonly format: SegmentFormat
}

/** An object destination with compaction. */
export async function dayLake({ kind, open, endpoint, prefix, format }: DayLakeOptions) {
  const { extension } = format
  const [name, packed = ''] = extension.split('.')
  const compression = { gz: 'gzip', zst: 'zstd' }[packed] ?? 'none'
  const sink = await open({ prefix, format: name, compression })
  const home = await temporary('day-lake')
  const scratch = join(home, 'scratch')
  const daysOf = async (at = endpoint) =>
    new ObjectDays({
      ...{ prefix: `${prefix}/`, daysPrefix: `${prefix}-compacted/`, extension, exact: () => true },
      store: await storeOf(kind, at),
    })
  const days = await daysOf()
  let offset = 0
  return {
    days,
    daysOf,
    /** Stores a segment of these records. */
    add: async (type: RecordType, lines: readonly string[]) => {
      await using writer = await sink.openLane({ index: 0 })
      const messages = lines.map((line, i) => ({ offset: BigInt(offset + i), key: null, value: Buffer.from(line), timestamp: 0 }))
      offset += lines.length
      await writer.add(type, encodedBatch(type.topic, 0, messages))
      await writer.seal(never)
    },
    compact: (archive: DayArchive = days, signal = never, folder = scratch): Promise<CompactionReport> =>
      compactDays({ archive, format, formatOf: formatOfExtension, scratch: folder, until: Number.MAX_SAFE_INTEGER, signal }),
    /** Local files that compaction has left. */
    left: () => readdir(home, { recursive: true }),
  }
}
