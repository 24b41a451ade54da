import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  formatTime,
  type InteractionParser,
  type Ohlcv,
  ohlcv,
  type Price,
  parseTime,
  price,
  type RecordBatch,
  trade,
} from '../../lib/src/base/types/index.ts'
import { VirtualClock } from '../support/virtualClock.ts'
import { collect, folderOf, sourceOf } from './replaying.ts'

const wire = (n: number, more: Record<string, unknown> = {}) => ({
  coin_id: 'bitcoin',
  source: 'coingecko',
  time: `2026-01-01T00:00:${String(n).padStart(2, '0')}Z`,
  received_at: `2026-01-01T00:00:${String(n).padStart(2, '0')}.5Z`,
  origin: 'live',
  currency: 'usd',
  price: `${n}.5`,
  ...more,
})
const ndjson = (...objects: unknown[]) =>
  `${objects.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n')}\n`

test('our own records: origin replay, all else as recorded', async () => {
  const folder = folderOf({ 'crypto-prices.ndjson': ndjson(wire(1), wire(2)) })
  const { records, rejected } = await collect(sourceOf({ path: folder }))
  expect(rejected).toEqual([])
  expect(records.map((record) => price.toWire(record as unknown as Price))).toEqual(
    [wire(1), wire(2)].map((each) => ({ ...each, origin: 'replay' })),
  )
})

test('received_at: now', async () => {
  const before = Date.now() * 1000
  const { records } = await collect(sourceOf({ path: folderOf({ 'price.ndjson': ndjson(wire(1)) }), received_at: 'now' }))
  expect(records[0]?.receivedAt).toBeGreaterThanOrEqual(before)
  expect(records[0]?.time).toBe(parseTime('2026-01-01T00:00:01Z'))
})

test('JSON numbers for decimals keep all their digits', async () => {
  const line = JSON.stringify(wire(1)).replace('"1.5"', '123456789012345.12345678').replace('}', ',"market_cap":5.6e-11}')
  const { records } = await collect(sourceOf({ path: folderOf({ 'price.ndjson': `${line}\n` }) }))
  expect(records[0]).toMatchObject({ price: '123456789012345.12345678', marketCap: '0.000000000056' })
})

test('the record type: by each line, by its topic, or by the setting', async () => {
  const deal = { ...wire(3), trade_id: '7', side: 'buy', amount: '1' }
  const folder = folderOf({ 'mixed.jsonl': ndjson({ type: 'price', ...wire(1) }, { topic: 'crypto-trades', ...deal }, wire(4)) })
  const { batches, rejected } = await collect(sourceOf({ path: folder }))
  expect(batches.filter(({ records }) => records.length > 0).map(({ type }) => type)).toEqual([price, trade])
  expect(rejected).toEqual([
    { reason: expect.stringContaining('mixed.jsonl:3: the record type is unknown'), original: JSON.stringify(wire(4)) },
  ])
  expect((await collect(sourceOf({ path: folder, record: 'price' }))).records).toHaveLength(3)
})

test('a line that is no record is rejected with its number; its neighbours are not', async () => {
  const text = ndjson(wire(1), '{broken', wire(2, { price: 'abc' }), '', '[1]', wire(3))
  const { records, rejected } = await collect(sourceOf({ path: folderOf({ 'price.ndjson': text }) }))
  expect(records).toHaveLength(2)
  expect(rejected.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('price.ndjson:2: not JSON: '),
    'price.ndjson:3: price "abc": expected a decimal string of at most 40 digits on either side of the point',
    'price.ndjson:5: not a JSON object',
  ])
  expect(rejected[1]?.original).toContain('"abc"')
})

test('files of a folder come in name order, compressed or not, with any line ends', async () => {
  const folder = folderOf({
    'price-2.ndjson': ndjson(wire(3)).replaceAll('\n', '\r\n'),
    'price-1.ndjson.gz': gzipSync(ndjson(wire(1), wire(2))),
    'price-3.ndjson': `\uFEFF${JSON.stringify(wire(4))}`,
    'README.md': 'not read',
  })
  mkdirSync(join(folder, 'sub'))
  expect((await collect(sourceOf({ path: folder }))).records.map(({ time }) => formatTime(time as number).slice(17, 19))).toEqual(
    ['01', '02', '03', '04'],
  )
})

test('lines longer than a chunk, and lines that are not UTF-8', async () => {
  const long = JSON.stringify(wire(1, { note: 'x'.repeat(700_000) }))
  const folder = folderOf({
    'price.ndjson': Buffer.concat([
      Buffer.from(`${long}\n`),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from(`${JSON.stringify(wire(2))}\n`),
    ]),
  })
  const { records, rejected } = await collect(sourceOf({ path: folder }))
  expect(records).toHaveLength(2)
  expect(rejected.map(({ reason }) => reason)).toEqual(['price.ndjson:2: the line is not UTF-8'])
})

const CSV =
  'Date,Name,"Price, usd",extra\n01-02-2025,bitcoin,1e-7,1\n02-02-2025,"multi\nline",2.50,1\n03-02-2025,bitcoin,abc,1\n04-02-2025,bitcoin\n05-02-2025,"say ""hi""",7,1\n'
const MAPPED = {
  record: 'price',
  columns: { Date: 'time', Name: 'coin_id', 'Price, usd': 'price' },
  constants: { source: 'file', currency: 'usd' },
  time_format: 'd-m-y',
}

test('CSV: columns to fields, constants, times, quotes, rejections by line', async () => {
  const { records, rejected } = await collect(sourceOf({ path: folderOf({ 'figures.csv': CSV }), ...MAPPED }))
  expect(records.map(({ coinId, price: figure, time }) => [coinId, figure, formatTime(time as number)])).toEqual([
    ['bitcoin', '0.0000001', '2025-02-01T00:00:00Z'],
    ['say "hi"', '7', '2025-02-05T00:00:00Z'],
  ])
  expect(rejected).toEqual([
    {
      reason: 'figures.csv:3: coin_id "multi\\nline": holds the hidden character U+000A: leave it out',
      original: '02-02-2025,"multi\nline",2.50,1',
    },
    { reason: 'figures.csv:5: price "abc" is not a decimal number', original: '03-02-2025,bitcoin,abc,1' },
    { reason: 'figures.csv:6: 2 cells under 4 columns', original: '04-02-2025,bitcoin' },
  ])
})

test('an unclosed quote does not swallow the file', async () => {
  const rows = Array.from({ length: 150 }, (_, i) => `0${(i % 9) + 1}-01-2025,coin${i},1,1`)
  const text = `Date,Name,"Price, usd",extra\n01-01-2025,"open,1,1\n${rows.join('\n')}\n01-01-2025,"end`
  const { records, rejected } = await collect(sourceOf({ path: folderOf({ 'a.csv': text }), ...MAPPED }))
  expect(records).toHaveLength(50)
  expect(rejected.map(({ reason }) => reason)).toEqual([
    'a.csv:2: a quoted cell is open for more than 100 lines',
    'a.csv:153: a quoted cell is open at the end of the file',
  ])
  expect(rejected[0]?.original.split('\n')).toHaveLength(101)
})

test.each([
  [{ columns: { Dat: 'time' } }, 'figures.csv: columns names "Dat", but the columns are Date, Name, Price, usd, extra'],
  [{ columns: { Date: 'tiem' } }, 'figures.csv: columns gives Date as "tiem", which no price has; did you mean time?'],
  [{ constants: { curency: 'usd' } }, 'constants sets "curency", which no price has; did you mean currency?'],
  [{ constants: {} }, 'a price needs source, currency: name the column in columns, or the value in constants'],
  [{ record: undefined }, 'figures.csv: the record type cannot be told from its name: set record'],
  [{ format: 'interactions' }, 'recorded interactions need the parser'],
  [{ path: undefined }, 'path is missing'],
  [{ path: '/no/such/folder' }, 'path "/no/such/folder" cannot be read'],
  [{ resume: 'other.csv:3' }, 'resume: there is no file other.csv'],
])('settings at fault: %o', async (settings, message) => {
  await expect(collect(sourceOf({ path: folderOf({ 'figures.csv': CSV }), ...MAPPED, ...settings }))).rejects.toThrow(message)
})

test('check() lists the files, or what is missing', async () => {
  expect(await sourceOf({ path: folderOf({ 'price.csv': 'abc' }) }).check()).toEqual({ ok: true, summary: '1 file, 3 bytes' })
  expect(await sourceOf({ path: folderOf({}) }).check()).toMatchObject({
    ok: false,
    summary: expect.stringContaining('holds no file that ends with'),
  })
})

test('it resumes from the position where it was stopped', async () => {
  const lines = Array.from({ length: 3500 }, (_, i) => wire(i % 60, { coin_id: `coin${i}` }))
  const folder = folderOf({ 'price-a.ndjson': ndjson(...lines.slice(0, 1700)), 'price-b.ndjson': ndjson(...lines.slice(1700)) })
  const seen: unknown[] = []
  for (let resume: string | undefined; ; ) {
    const source = sourceOf({ path: folder, ...(resume && { resume }) })
    const { value, done } = await source[Symbol.asyncIterator]().next()
    await source.close()
    if (done) break
    seen.push(...value.records.map(({ coinId }) => coinId))
    resume = `${source.position?.file}:${source.position?.line}`
  }
  expect(seen).toEqual(lines.map(({ coin_id }) => coin_id))
})

test('a CSV is resumed in its middle', async () => {
  const { records } = await collect(sourceOf({ path: folderOf({ 'figures.csv': CSV }), ...MAPPED, resume: 'figures.csv:7' }))
  expect(records.map(({ coinId }) => coinId)).toEqual(['say "hi"'])
})

test.each([
  [1, 9000],
  [60, 150],
])('at speed %i ten seconds of recording take %i ms', async (speed, expected) => {
  const folder = folderOf({ 'price.ndjson': ndjson(...Array.from({ length: 10 }, (_, i) => wire(i))) })
  const clock = new VirtualClock()
  const source = sourceOf({ path: folder, speed }, undefined, clock)
  const { records, batches } = await clock.run(collect(source))
  expect(records).toHaveLength(10)
  expect(batches).toHaveLength(10)
  expect(clock.now()).toBeCloseTo(expected, 3)
})

test('close() ends a pending wait', async () => {
  const source = sourceOf({ path: folderOf({ 'price.ndjson': ndjson(wire(0), wire(50)) }), speed: 1 })
  const iterator = source[Symbol.asyncIterator]()
  await iterator.next()
  const pending = iterator.next()
  await source.close()
  expect((await pending).done).toBe(true)
})

test('recorded answers are parsed by their source type', async () => {
  const answer = (status: number, body: string) => ({
    recorded_at: 'Sat, 15 May 2021 16:00:13 GMT',
    request: { method: 'GET', url: 'https://x/simple/price' },
    response: { status, headers: {}, body },
  })
  const parser: InteractionParser = ({ response }) =>
    [{ type: price, records: [price.fromWire(wire(1, { price: response.body }))] }] as unknown as RecordBatch[]
  const folder = folderOf({ 'answers.ndjson': ndjson(answer(200, '7.25'), { nothing: 1 }, answer(200, 'no figure')) })
  const { records, rejected } = await collect(sourceOf({ path: folder, format: 'interactions' }, parser))
  expect(records).toMatchObject([{ price: '7.25', origin: 'replay', receivedAt: parseTime('2021-05-15T16:00:13Z') }])
  expect(rejected.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('answers.ndjson:2: not a recorded interaction: recorded_at'),
    expect.stringContaining('answers.ndjson:3: price "no figure"'),
  ])
})

test('a candle stamped with its close is shifted to its open', async () => {
  const text = 'time,open,high,low,close\n2026-01-01 00:01:00,1,2,1,2\n'
  const settings = {
    record: 'ohlcv',
    constants: { source: 's', coin_id: 'c', currency: 'usd', timeframe: '1m' },
    stamped: 'close',
  }
  const { records } = await collect(sourceOf({ path: folderOf({ 'bars.csv': text }), ...settings }))
  expect(records[0]).toMatchObject({
    time: parseTime('2026-01-01T00:00:00Z'),
    isFinal: true,
    builtFrom: 'provider',
  } satisfies Partial<Ohlcv>)
  expect(() => ohlcv.check(records[0] as unknown as Ohlcv)).not.toThrow()
})
