import { join } from 'node:path'
import { expect, test } from 'vitest'
import { csv, ndjson, parquet } from '../../../lib/src/base/segments/index.ts'
import { decimal, ohlcv, price, type RecordType, type RecordValues } from '../../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { type Job, readBy, sortedTexts, textsOf } from '../../support/readers/readBy.ts'
import { readersPython } from '../../support/run/available.ts'
import { segmentFiles } from '../../support/segmentFiles.ts'
import { describeWith } from '../../support/services.ts'
import { lakes } from './lake.ts'

const lake = await lakes('read-days')
const READ = join(import.meta.dirname, '../../support/readers/read.py')
const FIGURES = [
  `${'1'.repeat(40)}.${'2'.repeat(39)}3`,
  `-${'9'.repeat(18)}.${'9'.repeat(20)}`,
  '0',
  '65000.5',
  `-0.${'0'.repeat(39)}1`,
]
const figure = (i: number) => decimal(FIGURES[i % FIGURES.length] as string)
const at = (i: number) => ({ coinId: `coin "${i % 7}", ö`, time: MONDAY + i * MINUTE + i, receivedAt: MONDAY + 1 })
const winners = [
  [price, Array.from({ length: 300 }, (_, i) => ({ ...aPrice(at(i)), price: figure(i), marketCap: figure(i + 1) }))],
  [ohlcv, Array.from({ length: 300 }, (_, i) => ({ ...aBar(at(i)), open: figure(i), close: figure(i + 2) }))],
] as unknown as readonly (readonly [RecordType, readonly RecordValues[]])[]

describeWith('readers', 'compacted days are read by others digit by digit', () => {
  test.each(['pyarrow', 'duckdb'])(
    '%s',
    async (reader) => {
      const jobs: Job[] = []
      for (const format of [parquet(), ndjson('zstd'), csv('gzip')]) {
        const { daysRoot, add, compact } = await lake(format)
        for (const [type, records] of winners) {
          const older = records.slice(0, 100).map((record) => ({ ...record, receivedAt: MONDAY, marketCap: undefined }))
          for (const some of [records.slice(50), older, records.slice(0, 50)])
            await add(
              type,
              some.map((record) => type.encodeChecked(record as RecordValues)),
            )
        }
        expect((await compact()).made.map(({ read, rows }) => [read, rows])).toEqual([
          [400, 300],
          [400, 300],
        ])
        const files = await segmentFiles(daysRoot)
        const [kind = '', packed = ''] = format.extension.split('.')
        const compression = { gz: 'gzip', zst: 'zstd' }[packed] ?? 'none'
        for (const [{ name, fields }] of winners)
          jobs.push({ type: name, fields, format: kind, compression, files: files.filter((path) => path.includes(`/${name}/`)) })
      }
      const answers = await readBy(readersPython(), [READ, reader], jobs)
      for (const [i, job] of jobs.entries()) {
        const [type, records] = winners[i % winners.length] as (typeof winners)[number]
        expect(job.files).toHaveLength(1)
        expect(sortedTexts(answers[i] ?? []), `${job.type} in ${job.format}`).toEqual(
          sortedTexts(records.map((record) => textsOf(type, record))),
        )
      }
    },
    120_000,
  )
})
