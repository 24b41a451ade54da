import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type Book,
  book,
  compareDecimals,
  decimal,
  encodedBatch,
  formatTime,
  type Micros,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type RecordType,
  type RecordValues,
  type SegmentSink,
  silentLogger,
  type Trade,
  trade,
} from '../../lib/src/base/types/index.ts'
import { file } from '../../lib/src/consumers/sinks/file/index.ts'
import { aBar, aBook, aPrice, MINUTE, MONDAY } from '../database/records.ts'
import { type Job, readBy, sortedTexts, textsOf } from '../support/readers/readBy.ts'
import { chdb, readersPython } from '../support/run/available.ts'
import { segmentFiles } from '../support/segmentFiles.ts'
import { describeWith } from '../support/services.ts'
import { suiteFolder } from '../support/temporary.ts'

const READERS = ['pyarrow', 'pandas', 'polars', 'duckdb'] as const
const FORMATS = [
  ['ndjson', 'none'],
  ['ndjson', 'gzip'],
  ['ndjson', 'zstd'],
  ['json', 'none'],
  ['json', 'gzip'],
  ['json', 'zstd'],
  ['csv', 'none'],
  ['csv', 'gzip'],
  ['csv', 'zstd'],
  ['parquet', 'none'],
] as const

/** Decimals with the most digits, with the most that fit into DECIMAL(38,20), and with one more on each side. */
const FIGURES = [
  '65000.5',
  `${'1'.repeat(40)}.${'2'.repeat(39)}3`,
  `-${'9'.repeat(40)}.${'9'.repeat(40)}`,
  `${'9'.repeat(18)}.${'9'.repeat(20)}`,
  `-${'9'.repeat(18)}.${'9'.repeat(20)}`,
  `1${'0'.repeat(18)}`,
  `-0.${'0'.repeat(19)}1`,
  `0.${'0'.repeat(20)}1`,
  `-0.${'0'.repeat(39)}1`,
  '0',
  '-7',
  '10000',
].map(decimal)
const IDS = [
  'bitcoin',
  'a "quoted", one',
  "it's; half",
  'größe-中文-😀',
  ' blanks ',
  'null',
  '0012',
  '2026-01-05T00:00:00Z',
  'NaN',
  'x\\y',
  '{}',
]
const figure = (i: number) => FIGURES[i % FIGURES.length] as Price['price']
const id = (i: number) => IDS[i % IDS.length] as string
const COUNT = FIGURES.length * IDS.length
const times = (i: number) => ({ time: MONDAY + i * MINUTE + (i % 3) * 333_333, receivedAt: MONDAY + COUNT * MINUTE + i })

const prices: Price[] = Array.from({ length: COUNT }, (_, i) => ({
  ...aPrice({ coinId: id(i), ...times(i) }),
  price: figure(i),
  ...(i % 2 === 0 && { marketCap: figure(i + 1), volume24h: figure(i + 2) }),
}))
const bars: Ohlcv[] = Array.from({ length: COUNT }, (_, i) => ({
  ...aBar({ coinId: id(i), ...times(i), isFinal: i % 2 === 0 }),
  open: figure(i),
  high: figure(i + 1),
  low: figure(i + 2),
  close: figure(i + 3),
  ...(i % 3 === 0 && { volume: figure(i), tradeCount: Number.MAX_SAFE_INTEGER - i }),
}))
const trades: Trade[] = Array.from({ length: COUNT }, (_, i) => ({
  ...{ coinId: id(i), source: 'venue', ...times(i), origin: 'live' as const, currency: 'usd', side: 'buy' as const },
  ...{ tradeId: `${i}-${id(i + 1)}`, price: figure(i), amount: figure(i + 5) },
  ...(i % 2 === 1 && { sequence: Number.MAX_SAFE_INTEGER - i }),
}))
/** Books whose sides are {@link FIGURES} in order. */
const SORTED = FIGURES.toSorted(compareDecimals)
const books: Book[] = Array.from({ length: COUNT }, (_, i) => {
  const split = i % (SORTED.length + 1)
  const [bids, asks] = [SORTED.slice(0, split).reverse(), SORTED.slice(split)]
  const sizes = (side: readonly unknown[]) => side.map((_side, at) => figure(i + at))
  const sides = { bids, bidSizes: sizes(bids), asks, askSizes: sizes(asks) }
  return aBook({ coinId: id(i), ...times(i), sequence: i, levels: SORTED.length, ...sides, verified: i % 2 === 0 })
})
const records = [
  [price, prices],
  [ohlcv, bars],
  [trade, trades],
  [book, books],
] as unknown as readonly (readonly [RecordType, readonly RecordValues[]])[]

const folder = await suiteFolder('readers')
const context = {
  name: 'lake',
  pipeline: 'lake',
  logger: silentLogger,
  signal: new AbortController().signal,
  home: folder,
  store: undefined as never,
}

/** Writes all records into the destination. @returns the files of each type */
async function written(format: string, compression: string): Promise<readonly (readonly string[])[]> {
  const root = join(folder, `${format}-${compression}`)
  const sink = (await file.open(file.config.parse({ path: root, format, compression }), context)) as SegmentSink
  const writer = await sink.openLane({ index: 0 })
  for (const [type, all] of records) {
    const values = all.map((record) => Buffer.from(type.encodeChecked(record)))
    const messages = values.map((value, i) => ({ offset: BigInt(i), key: null, value, timestamp: 0 }))
    expect(await writer.add(type, encodedBatch(type.topic, 0, messages))).toEqual([])
  }
  await writer.seal(context.signal)
  await writer[Symbol.asyncDispose]()
  await sink.close()
  const files = await segmentFiles(root)
  return records.map(([{ name }]) => files.filter((path) => path.startsWith(join(root, name))))
}

const support = (file: string) => join(import.meta.dirname, '../support/readers', file)

/** Writes all records in each format, and compares them with the rows that a reader program returns. */
async function compare(program: string, args: readonly string[]): Promise<void> {
  const jobs: Job[] = []
  for (const [format, compression] of FORMATS) {
    const files = await written(format, compression)
    records.forEach(([{ name, fields }], i) => {
      expect(files[i]?.length, name).toBeGreaterThan(0)
      jobs.push({ type: name, fields, format, compression, files: files[i] ?? [] })
    })
  }
  const answers = await readBy(program, args, jobs)
  jobs.forEach((job, i) => {
    const [type, all] = records[i % records.length] as (typeof records)[number]
    const about = `${job.type} in ${job.format}, ${job.compression}`
    expect(sortedTexts(answers[i] ?? []), about).toEqual(sortedTexts(all.map((record) => textsOf(type, record))))
  })
}

describeWith('readers', 'files are read by others digit by digit', () => {
  test.each(READERS)('%s', (reader) => compare(readersPython(), [support('read.py'), reader]), 120_000)
})

describeWith('clickhouse', 'files are read by ClickHouse digit by digit', () => {
  test('its engine', () => compare(process.execPath, [support('clickhouse.mjs'), chdb()]), 120_000)
})

test('the written times have microseconds', () => {
  expect(formatTime(prices[1]?.time as Micros)).toBe('2026-01-05T00:01:00.333333Z')
})
