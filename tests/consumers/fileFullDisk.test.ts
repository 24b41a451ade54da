import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compactDays, type SegmentFormat } from '../../lib/src/base/segments/index.ts'
import {
  encodedBatch,
  type Price,
  price,
  type RecordType,
  type SegmentSink,
  silentLogger,
} from '../../lib/src/base/types/index.ts'
import { FolderArchive } from '../../lib/src/consumers/sinks/file/FolderArchive.ts'
import { FolderDays } from '../../lib/src/consumers/sinks/file/FolderDays.ts'
import { file } from '../../lib/src/consumers/sinks/file/index.ts'
import { formatOf, formatOfExtension } from '../../lib/src/consumers/sinks/shared/segments.ts'
import { aPrice, MINUTE, MONDAY } from '../database/records.ts'
import { fill, withDisk as withDiskIn } from '../support/fullDisk.ts'
import { recordsIn, segmentFiles } from '../support/segmentFiles.ts'
import { describeWith } from '../support/services.ts'
import { suiteFolder } from '../support/temporary.ts'

const folder = await suiteFolder('full-disk')
const type = price as unknown as RecordType
const COUNT = 3000
/** Number of distinct times; further records repeat their keys. */
const MINUTES = 1000

const batchOf = (first: number, count: number) =>
  encodedBatch(
    price.topic,
    0,
    Array.from({ length: count }, (_, i) => {
      const record: Price = aPrice({ price: `${first + i}.5`, time: MONDAY + ((first + i) % MINUTES) * MINUTE })
      return { offset: BigInt(first + i), key: null, value: Buffer.from(price.encode(record)), timestamp: 0 }
    }),
  )

const withDisk = (size: string, body: (root: string) => Promise<void>) => withDiskIn(folder, size, body)

const filesIn = async (root: string): Promise<number> =>
  (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length

describeWith('tmpfs', 'a full disk', () => {
  test.each(['ndjson', 'json', 'csv', 'parquet'] as const)(
    '%s: attempts to write and to compact leave no files behind, and once there is room each record is there once',
    (format) =>
      withDisk(format === 'ndjson' ? '2m' : `${2048 + format.length}k`, async (root) => {
        const path = join(root, 'lake')
        const context = { name: 'lake', pipeline: 'lake', logger: silentLogger, home: root, store: undefined as never }
        const signal = new AbortController().signal
        const sink = (await file.open(file.config.parse({ path, format }), { ...context, signal })) as SegmentSink
        const writer = await sink.openLane({ index: 0 })
        for (let first = 0; first < COUNT; first += 500) await writer.add(type, batchOf(first, 500))
        await fill(root)
        const attempts: number[] = []
        for (let attempt = 0; attempt < 4; attempt++) {
          await expect(writer.seal(signal)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
          attempts.push(await filesIn(path))
        }
        expect(new Set(attempts).size).toBe(1)
        expect(await segmentFiles(path)).toEqual([])
        await rm(join(root, 'filler'))
        expect(await writer.seal(signal)).toMatchObject([{ offset: BigInt(COUNT) }])
        const files = await segmentFiles(path)
        expect(files.length).toBe(1)
        if (format === 'ndjson') {
          const found = (await recordsIn(path)).map((record) => record.price)
          expect(found).toEqual(Array.from({ length: COUNT }, (_, i) => `${i}.5`))
        }
        await writer[Symbol.asyncDispose]()
        await sink.close()
        expect(await filesIn(join(path, '_qicore', 'scratch'))).toBe(0)

        const { extension } = formatOf(file.config.parse({ path, format }), 'lake')
        const segments = new FolderArchive({ root: path, extension, destination: 'lake', pipeline: 'lake' })
        const days = new FolderDays({ segments, root: path, daysRoot: `${path}-compacted`, extension })
        const options = { archive: days, formatOf: formatOfExtension, scratch: days.scratch, signal }
        const compact = () =>
          compactDays({ ...options, format: formatOfExtension(extension) as SegmentFormat, until: Number.MAX_SAFE_INTEGER })
        await mkdir(days.scratch, { recursive: true })
        await fill(root)
        await expect(compact()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
        expect(await filesIn(`${path}-compacted`)).toBe(0)
        await rm(join(root, 'filler'))
        expect(await compact()).toMatchObject({ made: [{ read: COUNT, rows: MINUTES }], failed: [] })
        expect(await segmentFiles(path)).toEqual(files)
      }),
  )
})
