import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  COMPRESSIONS,
  csv,
  type DayArchive,
  json,
  ndjson,
  parquet,
  type SegmentFormat,
} from '../../../lib/src/base/segments/index.ts'
import {
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type RecordType,
  type RecordValues,
  type Trade,
  trade,
} from '../../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { segmentFiles } from '../../support/segmentFiles.ts'
import { DAY, lakes } from './lake.ts'

const lake = await lakes('days')
const types = { price, ohlcv, trade } as unknown as Readonly<Record<string, RecordType>>
const FORMATS: readonly SegmentFormat[] = [
  ...[ndjson, json, csv].flatMap((format) => COMPRESSIONS.map((compression) => format(compression))),
  parquet(),
]

/** Records of the days, in order. */
async function daysIn(root: string, format: SegmentFormat): Promise<RecordValues[]> {
  const records: RecordValues[] = []
  for (const path of await segmentFiles(root)) {
    const type = types[path.slice(root.length + 1).split('/')[0] ?? ''] as RecordType
    for await (const piece of format.read(type, path))
      for (const line of piece.toString().trimEnd().split('\n')) records.push(type.decode(Buffer.from(line)))
  }
  return records
}

const DIGITS = `${'1'.repeat(40)}.${'2'.repeat(39)}3`
const prices: readonly Price[] = [
  aPrice({ coinId: 'x,"y"', time: MONDAY + MINUTE, price: DIGITS }),
  aPrice({ coinId: 'b', time: MONDAY + 2 * MINUTE, price: '0.5' }),
  aPrice({ coinId: 'b', time: MONDAY + MINUTE, price: '2', receivedAt: MONDAY + 2 }),
  aPrice({ coinId: 'b', time: MONDAY + MINUTE, price: '1', receivedAt: MONDAY + 1 }),
]
const bars: readonly Ohlcv[] = [
  aBar({ isFinal: true, close: '10' }),
  // Received later, but not final: the final bar stays.
  aBar({ isFinal: false, close: '11', receivedAt: MONDAY + 10 * MINUTE }),
  aBar({ timeframe: '1h', close: '9', receivedAt: MONDAY + DAY }),
]
const aTrade = (change: Partial<Trade>): Trade => ({
  ...{ coinId: 'BTC/USDT', source: 'coingecko', time: MONDAY, receivedAt: MONDAY, origin: 'live', currency: 'USDT' },
  ...{ tradeId: '1', side: 'buy', price: '1' as Trade['price'], amount: '1' as Trade['amount'] },
  ...change,
})
const trades: readonly Trade[] = [
  aTrade({ tradeId: '9', receivedAt: MONDAY + 5 }),
  aTrade({ tradeId: '10', receivedAt: MONDAY + 5 }),
  aTrade({ tradeId: 'z', receivedAt: MONDAY + 1 }),
  aTrade({ tradeId: '7', sequence: 7, receivedAt: MONDAY + 9 }),
  aTrade({ tradeId: '6', sequence: 6, receivedAt: MONDAY + 9 }),
  aTrade({ tradeId: '6', sequence: 6, receivedAt: MONDAY + 8 }),
  aTrade({ tradeId: '1', time: MONDAY + 1 }),
]
const lines = (type: { encode(record: never): string }, records: readonly RecordValues[]) =>
  records.map((record) => type.encode(record as never))

describe('a compacted day', () => {
  test.each(FORMATS)(
    '$extension: has each record once, by series and time, trades of one moment as they happened',
    async (format) => {
      const { root, daysRoot, add, compact } = await lake(format)
      for (const [type, records] of [
        [price, prices],
        [ohlcv, bars],
        [trade, trades],
      ] as const)
        for (const part of [records.slice(0, 2), records.slice(2)]) await add(type as unknown as RecordType, lines(type, part))
      const folder = 'source=coingecko/date=2026-01-05'
      expect(await compact()).toEqual({
        made: [
          { folder: `ohlcv/${folder}`, segments: 2, read: 3, rows: 2 },
          { folder: `price/${folder}`, segments: 2, read: 4, rows: 3 },
          { folder: `trade/${folder}`, segments: 2, read: 7, rows: 6 },
        ],
        unchanged: 0,
        failed: [],
      })
      const files = await segmentFiles(daysRoot)
      expect(files.map((path) => path.slice(daysRoot.length + 1))).toEqual(
        ['ohlcv', 'price', 'trade'].map((type) => `${type}/${folder}/day.${format.extension}`),
      )
      expect(await segmentFiles(root)).toHaveLength(6)
      const expected = [
        bars[2],
        bars[0],
        prices[2],
        prices[1],
        prices[0],
        trades[4],
        trades[3],
        trades[2],
        trades[0],
        trades[1],
        trades[6],
      ]
      expect(await daysIn(daysRoot, format)).toEqual(expected)
      expect(await compact()).toEqual({ made: [], unchanged: 3, failed: [] })
    },
  )

  test('is made only when it is over, and again when segments arrive later', async () => {
    const { daysRoot, add, compact } = await lake()
    const type = price as unknown as RecordType
    await add(type, lines(price, [aPrice({ price: '1' }), aPrice({ price: '2', time: MONDAY + DAY })]))
    const closed = (time: number) => compact(undefined, time / 1000)
    expect(await closed(MONDAY + DAY - 1000)).toEqual({ made: [], unchanged: 0, failed: [] })
    expect((await closed(MONDAY + DAY)).made.map(({ folder }) => folder.slice(-10))).toEqual(['2026-01-05'])
    await add(type, lines(price, [aPrice({ price: '3', receivedAt: MONDAY + DAY })]))
    expect((await closed(MONDAY + DAY)).made).toMatchObject([{ segments: 2, read: 2, rows: 1 }])
    expect((await daysIn(daysRoot, ndjson('none'))).map((one) => one.price)).toEqual(['3'])
  })

  test('keeps the bytes of fields that this version does not know', async () => {
    const { daysRoot, add, compact } = await lake()
    const known = price.encode(aPrice())
    const later = `${known.slice(0, -1)},"note":{"figure":1.50}}`
    await add(price as unknown as RecordType, [later])
    await compact()
    const [path = ''] = await segmentFiles(daysRoot)
    expect(await readFile(path, 'utf8')).toBe(`${later}\n`)
  })

  test('keeps the records of segments that were removed after it, and reports one that was removed before', async () => {
    const { root, daysRoot, add, compact } = await lake()
    const type = price as unknown as RecordType
    await add(type, lines(price, [aPrice({ price: '1' })]))
    await compact()
    for (const path of await segmentFiles(root)) await rm(path)
    expect(await compact()).toMatchObject({ made: [], unchanged: 1, failed: [] })
    await add(type, lines(price, [aPrice({ price: '2', time: MONDAY + MINUTE })]))
    expect(await compact()).toMatchObject({ made: [{ segments: 2, read: 2, rows: 2 }], failed: [] })
    expect((await daysIn(daysRoot, ndjson('none'))).map((one) => one.price)).toEqual(['1', '2'])
    await add(type, lines(price, [aPrice({ price: '3', time: MONDAY + 2 * MINUTE })]))
    await rm((await segmentFiles(root)).at(-1) as string)
    expect(await compact()).toMatchObject({
      made: [],
      failed: [{ error: { code: 'NOT_FOUND', message: expect.stringMatching(/ is gone: restore it from a backup$/) } }],
    })
    expect((await daysIn(daysRoot, ndjson('none'))).map((one) => one.price)).toEqual(['1', '2'])
  })

  test('with a damaged segment stays as it was, and other days are compacted', async () => {
    const { root, daysRoot, add, compact } = await lake()
    const type = price as unknown as RecordType
    await add(type, lines(price, [aPrice({ price: '1' }), aPrice({ price: '2', time: MONDAY + DAY })]))
    const [first = ''] = await segmentFiles(root)
    const whole = await readFile(first)
    for (const damaged of [
      whole.subarray(0, -1),
      whole.subarray(0, 20),
      Buffer.concat([whole, whole]),
      Buffer.from('{}\n'),
      Buffer.alloc(0),
    ]) {
      await rm(daysRoot, { recursive: true, force: true })
      await writeFile(first, damaged)
      expect(await compact()).toMatchObject({
        made: [{ folder: 'price/source=coingecko/date=2026-01-06' }],
        failed: [
          {
            folder: 'price/source=coingecko/date=2026-01-05',
            error: { code: 'BAD_DATA', message: expect.stringContaining(first) },
          },
        ],
      })
      expect((await segmentFiles(daysRoot)).map((path) => path.includes('2026-01-06'))).toEqual([true])
    }
    await writeFile(first, whole)
    expect(await compact()).toMatchObject({ made: [{ rows: 1 }], unchanged: 1, failed: [] })
  })

  test('that was changed or lost is made again, and so is one of another format than the configured one', async () => {
    const { root, daysRoot, days, add, compact } = await lake()
    await add(price as unknown as RecordType, lines(price, [aPrice()]))
    await compact()
    const [path = ''] = await segmentFiles(daysRoot)
    const whole = await readFile(path, 'utf8')
    for (const harm of [
      () => truncate(path, 5),
      () => rm(path),
      () => writeFile(join(path, '..', 'day.csv'), 'left by a crash'),
    ]) {
      await harm()
      expect(await compact()).toMatchObject({ made: [{ rows: 1 }] })
      expect(await segmentFiles(daysRoot)).toEqual([path])
      expect(await readFile(path, 'utf8')).toBe(whole)
    }
    await rm(join(daysRoot, '_qicore'), { recursive: true })
    expect(await compact()).toMatchObject({ made: [{ rows: 1 }] })
    expect(await compact()).toMatchObject({ unchanged: 1 })
    expect(await days.folders()).toEqual(['price/source=coingecko/date=2026-01-05'])
    expect(await segmentFiles(root)).toHaveLength(1)
  })

  test('is given up when the caller aborts, and leaves no files', async () => {
    const { daysRoot, days, add, compact } = await lake()
    await add(price as unknown as RecordType, lines(price, [aPrice(), aPrice({ time: MONDAY + DAY })]))
    const stop = new AbortController()
    const stopping: DayArchive = {
      folders: () => days.folders(),
      names: (folder) => days.names(folder),
      segment: (folder, name) => days.segment(folder, name),
      day: (folder) => days.day(folder),
      note: (...noted) => days.note(...noted),
      publish: async (folder, path) => {
        const published = await days.publish(folder, path)
        stop.abort()
        return published
      },
    }
    await expect(compact(stopping, undefined, stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await segmentFiles(daysRoot)).toHaveLength(1)
    expect(await compact()).toMatchObject({ made: [{ rows: 1 }], unchanged: 1 })
  })
})
