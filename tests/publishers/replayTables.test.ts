import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { parseTime, quote } from '../../lib/src/base/types/index.ts'
import { collect, folderOf, sourceOf } from './replaying.ts'

const BARS = { source: 'binance', coin_id: 'BTC/USDT', currency: 'USDT', timeframe: '1m' }
const DEALS = { source: 'venue', coin_id: 'AAA/USD', currency: 'USD' }
const PRICES = { source: 'file', coin_id: 'a', currency: 'usd' }

const KLINES = `1748736000000000,4.10000000,4.30000000,4.05000000,4.20000000,12.50000000,1748736059999999,52.00000000,7,6.00000000,25.00000000,0
1748736060000000,4.20000000,4.25000000,4.15000000,4.16000000,3.25000000,1748736119999999,13.60000000,4,1.00000000,4.20000000,0
`
const KLINE_COLUMNS = 'time,open,high,low,close,volume,close_time,quote_volume,trades,buy_base,buy_quote,ignored'.split(',')

test.each([
  ['', 0],
  ['# exported by a venue\nopen time,open,…\n', 2],
])('klines without a header, after %j', async (preamble, skip_lines) => {
  const path = join(folderOf({ 'klines.csv': preamble + KLINES }), 'klines.csv')
  const { records, rejected } = await collect(
    sourceOf({
      path,
      record: 'ohlcv',
      header: false,
      skip_lines,
      columns: KLINE_COLUMNS,
      constants: BARS,
      time_format: 'microseconds',
    }),
  )
  expect(rejected).toEqual([])
  expect(records).toMatchObject([
    { time: parseTime('2025-06-01T00:00:00Z'), open: '4.1', high: '4.3', low: '4.05', close: '4.2', volume: '12.5' },
    { time: parseTime('2025-06-01T00:01:00Z'), open: '4.2', close: '4.16', volume: '3.25' },
  ])
})

test.each([
  [{ header: false }, 'header is false: columns must list all columns'],
  [{ columns: ['time', 'open'] }, 'columns is a list, which is for files without a header: set header: false'],
  [{ header: false, columns: ['time', 'close', 'close'] }, 'the columns 2 and 3 both give close'],
  [{ header: false, columns: ['time', 'close'] }, 'a ohlcv needs open, high, low'],
])('columns at fault: %o', async (settings, message) => {
  const path = folderOf({ 'klines.csv': KLINES })
  await expect(collect(sourceOf({ path, record: 'ohlcv', constants: BARS, ...settings }))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message),
  })
})

test('a header that names a field twice is refused, because one of the two would be lost', async () => {
  const path = folderOf({ 'price.csv': 'time,price,note,note,price\n2024-01-01,1,a,b,2\n' })
  await expect(collect(sourceOf({ path, constants: PRICES }))).rejects.toThrow(
    'price.csv: the columns 2 and 5 both give price: set header: false, skip_lines: 1, and list all columns',
  )
})

test('null words: an optional figure is empty; a required one is refused with the word', async () => {
  const text = 'time,price,volume_24h\n2024-01-01,1.6,null\n2024-01-02,1.7,NaN\n2024-01-03,null,null\n2024-01-04,1.8,\n'
  // As YAML reads `nulls: [null, NaN]`.
  const { records, rejected } = await collect(
    sourceOf({ path: folderOf({ 'price.csv': text }), constants: PRICES, nulls: [null, 'NaN'] }),
  )
  expect(records.map(({ price, volume24h }) => [price, volume24h])).toEqual([
    ['1.6', undefined],
    ['1.7', undefined],
    ['1.8', undefined],
  ])
  expect(rejected).toEqual([
    {
      reason: 'price.csv:4: price is "null", which is empty by nulls, and a price needs price',
      original: '2024-01-03,null,null',
    },
  ])
})

const DEALS_CSV = 'time,price,amount\n1717200000,410.5,0.1\n1717200000,410.5,0.2\n1717200000,410.6,0.3\n1717200001,410.7,0.4\n'
const importDeals = (path: string, more: Record<string, unknown> = {}) =>
  collect(sourceOf({ path, record: 'trade', constants: DEALS, time_format: 'seconds', ...more }))

test('trades without ids get ids from file and line: the same at each import, in any folder, compressed, and after the file has grown', async () => {
  const folder = folderOf({ 'deals.csv': DEALS_CSV })
  const { records, rejected } = await importDeals(folder)
  expect(rejected).toEqual([])
  const ids = records.map(({ tradeId }) => tradeId)
  expect(new Set(ids).size).toBe(4)
  expect(records.map(({ side, sequence }) => [side, sequence])).toEqual([2, 3, 4, 5].map((line) => ['unknown', line]))
  const idsOf = async (path: string, more?: Record<string, unknown>) =>
    (await importDeals(path, more)).records.map(({ tradeId }) => tradeId)

  mkdirSync(join(folder, 'elsewhere'))
  renameSync(join(folder, 'deals.csv'), join(folder, 'elsewhere', 'deals.csv'))
  expect(await idsOf(join(folder, 'elsewhere'))).toEqual(ids)
  expect(await idsOf(folderOf({ 'deals.csv.gz': gzipSync(DEALS_CSV) }))).toEqual(ids)
  expect(await idsOf(folderOf({ 'deals.csv': DEALS_CSV.replaceAll('\n', '\r\n') }))).toEqual(ids)
  expect(await idsOf(folderOf({ 'deals.csv': `${DEALS_CSV}1717200002,1,1\n` }))).toEqual([...ids, expect.any(String)])
  expect(await idsOf(join(folder, 'elsewhere'), { resume: 'deals.csv:4' })).toEqual(ids.slice(2))
  // Of the same name, of another day.
  const others = await idsOf(folderOf({ 'deals.csv': DEALS_CSV.replaceAll('17172', '17173') }))
  expect(others.filter((id) => ids.includes(id))).toEqual([])
})

test('the same for our own records in NDJSON, and for quotes without a sequence', async () => {
  const deal = (price: string) => JSON.stringify({ ...DEALS, time: '2024-06-01T00:00:00Z', price, amount: '1' })
  const { records } = await collect(sourceOf({ path: folderOf({ 'trade.ndjson': `${deal('1')}\n${deal('1')}\n` }) }))
  expect(new Set(records.map(({ tradeId }) => tradeId)).size).toBe(2)
  const quotes = 'time,bid,bid_size,ask,ask_size\n2024-01-01,1,1,2,1\n2024-01-01,1,2,2,1\n'
  const { batches } = await collect(sourceOf({ path: folderOf({ 'quote.csv': quotes }), constants: DEALS }))
  expect(batches.map(({ type, records: quoted }) => [type, quoted.map(({ sequence }) => sequence)])).toEqual([[quote, [2, 3]]])
})

test('a whole number as trade id is its sequence too; other ids, and a sequence in the file, are unchanged', async () => {
  const text = 'time,trade_id,price,amount\n2024-01-01,99,1,1\n2024-01-01,100,1,1\n2024-01-01,x7,1,1\n2024-01-01,,1,1\n'
  const { records } = await collect(sourceOf({ path: folderOf({ 'trade.csv': text }), constants: DEALS }))
  expect(records.map(({ tradeId, sequence }) => [tradeId, sequence])).toEqual([
    ['99', 99],
    ['100', 100],
    ['x7', undefined],
    [expect.stringMatching(/^[0-9a-f]{16}-5$/), 5],
  ])
})

test.each([
  ['trade', DEALS_CSV, { trade_id: 'none', side: 'unknown' }, 'constants sets trade_id, which identifies a trade'],
  ['quote', 'time,bid,bid_size,ask,ask_size\n', { sequence: 0 }, 'constants sets sequence, which identifies a quote'],
  [
    'trending',
    'time,coin_id,name,symbol\n',
    { rank: 1 },
    'rank, which identifies a trending: rows of one time would overwrite each other; name its column in columns',
  ],
  ['price', 'price\n1\n2\n', { ...PRICES, time: '2024-01-01T00:00:00Z' }, 'so every row would overwrite the one before'],
])('a constant that would make one %s of many is refused', async (type, text, constants, message) => {
  const path = folderOf({ 'rows.csv': text })
  await expect(collect(sourceOf({ path, record: type, constants: { source: 'venue', ...constants } }))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message),
  })
})

test('a snapshot of many coins at one time is accepted', async () => {
  const path = folderOf({ 'price.csv': 'coin_id,price\na,1\nb,2\n' })
  const constants = { source: 'file', currency: 'usd', time: '2024-01-01T00:00:00Z' }
  expect((await collect(sourceOf({ path, constants }))).records).toHaveLength(2)
})

test('a constant id is refused for NDJSON too', async () => {
  const line = JSON.stringify({ type: 'trade', ...DEALS, time: '2024-06-01T00:00:00Z', price: '1', amount: '1' })
  const path = folderOf({ 'rows.ndjson': `${line}\n` })
  await expect(collect(sourceOf({ path, constants: { trade_id: 'x' } }))).rejects.toThrow('constants sets trade_id')
})

test('Windows line ends, also within quoted cells', async () => {
  const text = 'time,coin_id,note,price\r\n2024-01-01,a,"of\r\ntwo lines",1\r\n2024-01-02,c,,2\r\n'
  const { records } = await collect(
    sourceOf({ path: folderOf({ 'price.csv': text }), constants: { source: 'file', currency: 'usd' } }),
  )
  expect(records.map(({ coinId, price }) => [coinId, price])).toEqual([
    ['a', '1'],
    ['c', '2'],
  ])
})
