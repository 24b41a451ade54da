import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { testDatabase } from '../support/database.ts'
import { checksumOf, folderOf, importFiles, textRows, zipOf } from './importing.ts'

const { url } = await testDatabase()
let store: Store
beforeAll(async () => {
  store = await openStore({ databaseUrl: url, home: '/nowhere' })
})
afterAll(() => store.close())

const TRADES = [
  '97,61234.50000000,0.00100000,61.23450000,1723075200123,True,True',
  '98,61234.50000000,0.00100000,61.23450000,1723075200123,False,True',
  '99,61234.49000000,12.00000000,734813.88000000,1723075200999,True,True',
  '100,0.00000001,1,0.00000001,1723075201000,False,True',
].join('\n')
const tradesOf = (coin: string) =>
  textRows(
    store.pool,
    `select trade_id, side, price::text, amount::text, sequence::text, currency, origin, to_char(time at time zone 'UTC', 'HH24:MI:SS.US') as time
     from trades as t where coin_id = $1 order by t.sequence`,
    [coin],
  )

test('trades of a zip archive with its checksum: every figure as in the file, the number as sequence', async () => {
  const zip = zipOf({ 'AAAUSDT-trades-2024-08-08.csv': `${TRADES}\n` })
  const name = 'AAAUSDT-trades-2024-08-08.zip'
  const folder = folderOf({ [name]: zip, [`${name}.CHECKSUM`]: checksumOf(zip, name) })
  const result = await importFiles(url, { paths: [folder], format: 'binance-vision', coin: 'AAA/USDT' })
  expect(result).toMatchObject({ files: 1, read: 4, published: 4, refused: 0, stored: 4, overwritten: 0, failures: [] })
  const common = { currency: 'USDT', origin: 'backfill' }
  expect(await tradesOf('AAA/USDT')).toEqual([
    { ...common, trade_id: '97', side: 'sell', price: '61234.5', amount: '0.001', sequence: '97', time: '00:00:00.123000' },
    { ...common, trade_id: '98', side: 'buy', price: '61234.5', amount: '0.001', sequence: '98', time: '00:00:00.123000' },
    { ...common, trade_id: '99', side: 'sell', price: '61234.49', amount: '12', sequence: '99', time: '00:00:00.999000' },
    { ...common, trade_id: '100', side: 'buy', price: '0.00000001', amount: '1', sequence: '100', time: '00:00:01.000000' },
  ])
  // The same file is known, and --again overwrites its records by themselves.
  expect(await importFiles(url, { paths: [folder], format: 'binance-vision', coin: 'AAA/USDT' })).toMatchObject({
    unchanged: 1,
    read: 0,
  })
  expect(await importFiles(url, { paths: [folder], format: 'binance-vision', coin: 'AAA/USDT', again: true })).toMatchObject({
    read: 4,
    stored: 0,
    overwritten: 4,
  })
})

test('a trade in microseconds is the same row as in milliseconds', async () => {
  const row = (time: string) => `5,1.50,2.0,3.0,${time},True,True\n`
  const millis = folderOf({ 'BBBUSDT-trades-2024-12-31.csv': row('1735689599999') })
  const micros = folderOf({ 'BBBUSDT-trades-2025-01-01.csv': row('1735689599999417') })
  const options = { format: 'binance-vision', coin: 'BBB/USDT' } as const
  await importFiles(url, { ...options, paths: [millis] })
  expect(await importFiles(url, { ...options, paths: [micros] })).toMatchObject({ stored: 0, overwritten: 1 })
  expect(await tradesOf('BBB/USDT')).toMatchObject([{ time: '23:59:59.999000', price: '1.5' }])
})

test('klines, with a header or none, in both units; the running one is not final', async () => {
  const kline = (open: number, unit: number, price: string) =>
    `${open * unit},4.10000000,4.30000000,4.05000000,${price},12.50000000,${(open + 60_000) * unit - 1},52.00000000,7,6.00000000,25.00000000,0`
  const header =
    'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore'
  const start = Date.UTC(2024, 11, 31, 23, 58)
  const folder = folderOf({
    'CCCUSDT-1m-2024-12.csv': `${header}\n${kline(start, 1, '4.20')}\n${kline(start + 60_000, 1, '4.21')}\n`,
    'CCCUSDT-1m-2025-01-01.csv': `${kline(start + 120_000, 1000, '4.22')}\n`,
    'CCCUSDT-3d-2024-12.csv': `${kline(Date.UTC(2024, 11, 30), 1, '4.3').replace(/(\.05000000,[^,]*,[^,]*),\d+/, `$1,${Date.UTC(2025, 0, 2) - 1}`)}\n`,
  })
  const result = await importFiles(url, { paths: [folder], format: 'binance-vision', symbols: { CCCUSDT: 'CCC/USDT' } })
  expect(result).toMatchObject({ files: 3, read: 4, refused: 0, failures: [] })
  const sql = `select timeframe, to_char(time at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as time, close::text, volume::text, trade_count::text as n, is_final::text
    from ohlcv_data where coin_id = 'CCC/USDT' order by timeframe, time`
  expect(await textRows(store.pool, sql)).toEqual([
    { timeframe: '1m', time: '2024-12-31 23:58', close: '4.2', volume: '12.5', n: '7', is_final: 'true' },
    { timeframe: '1m', time: '2024-12-31 23:59', close: '4.21', volume: '12.5', n: '7', is_final: 'true' },
    { timeframe: '1m', time: '2025-01-01 00:00', close: '4.22', volume: '12.5', n: '7', is_final: 'true' },
    // It ends in the new year, of which the file knows nothing.
    { timeframe: '3d', time: '2024-12-30 00:00', close: '4.3', volume: '12.5', n: '7', is_final: 'false' },
  ])
})

test('a file whose checksum differs is refused by name, and the others go on; --force takes it', async () => {
  const [good, bad] = ['DDDUSDT-trades-2024-08-08.csv', 'DDDUSDT-trades-2024-08-09.csv']
  const row = (id: number) => `${id},1.5,2,3,17230752001${10 + id},True,True\n`
  const folder = folderOf({
    [good]: row(1),
    [`${good}.CHECKSUM`]: checksumOf(Buffer.from(row(1)), good),
    [bad]: row(2),
    [`${bad}.CHECKSUM`]: checksumOf(Buffer.from(row(3)), bad),
  })
  const request = { paths: [join(folder, '*.csv')], format: 'binance-vision', coin: 'DDD/USDT' } as const
  const result = await importFiles(url, request)
  expect(result).toMatchObject({ files: 2, failed: 1, stored: 1 })
  expect(result.messages[0]).toMatch(
    /^DDDUSDT-trades-2024-08-09\.csv does not have the checksum of .*CHECKSUM \(.*\), so nothing of it is imported/,
  )
  expect(await importFiles(url, { ...request, force: true })).toMatchObject({ unchanged: 1, failed: 0, stored: 1 })
})

test('refused as a whole, with the reason: aggTrades, coin-margined futures, candles that do not exist, an unknown symbol, a cut archive', async () => {
  const zip = zipOf({ 'EEEUSDT-trades-2024-08-08.csv': TRADES })
  const folder = folderOf({
    'EEEUSDT-aggTrades-2024-08-08.csv': '1,1.5,2,1,3,1723075200123,True,True\n',
    'data/futures/cm/daily/trades/EEEUSD_PERP-trades-2024-08-08.csv': '1,1.5,2,3,1723075200123,true\n',
    'EEEUSDT-1mo-2024-08.csv': '',
    'EEEUSDT-trades-2024-08-08.zip': zip.subarray(0, zip.length - 30),
    'EEEUSDT-trades-2024-08-10.csv': TRADES,
    'FUTUSDT-trades-2024-08-08.csv': 'id,price,qty,quote_qty,time,is_buyer_maker\n1,1.5,2,3,1723075200123,true\n',
  })
  const symbols = { FUTUSDT: 'FUT/USDT', EEEUSD_PERP: 'EEE/USD:EEE' }
  const { messages, read } = await importFiles(url, { paths: [folder], format: 'binance-vision', symbols })
  expect(read).toBe(0)
  expect(messages).toHaveLength(6)
  const all = messages.join('\n')
  expect(all).toContain('EEEUSDT-aggTrades-2024-08-08.csv: aggTrades have numbers of their own')
  expect(all).toContain('amounts of coin-margined futures count contracts')
  expect(all).toContain('EEEUSDT-1mo-2024-08.csv: there are no candles of 1mo here')
  expect(all).toContain('EEEUSDT-trades-2024-08-08.zip is not a complete zip archive, so nothing of it is imported')
  expect(all).toContain('symbol EEEUSDT is none of the instruments that the store lists of binance')
  expect(all).toContain('FUT/USDT is a spot instrument, but the file is of futures')
})

test('a symbol that the store lists needs no flag; bad rows are dead letters with file and line', async () => {
  await store.pool.query(`insert into trading_pairs (coin_id, source, time, received_at, origin, symbol, name, base, quote, active)
    values ('GGG/USDT', 'binance', now(), now(), 'live', 'GGGUSDT', 'GGG', 'GGG', 'USDT', true),
      ('GGG/USDT:USDT', 'binance', now(), now(), 'live', 'GGGUSDT', 'GGG', 'GGG', 'USDT', true)`)
  const rows = [
    '1,1.5,2,3,1723075200123,True,True',
    'x,1.5,2,3,1723075200123,True,True',
    '3,1.5,2,3,1723075,True,True',
    '4,1e400,2,3,1723075200123,True,True',
    '5,1.5,2,3,1723075200123,maybe,True',
    '6,1.5',
  ]
  const folder = folderOf({ 'GGGUSDT-trades-2024-08-08.csv': `${rows.join('\n')}\n` })
  const result = await importFiles(url, { paths: [folder], format: 'binance-vision' })
  expect(result).toMatchObject({ read: 6, published: 1, refused: 5, stored: 1, failures: [] })
  expect(await tradesOf('GGG/USDT')).toHaveLength(1)
  expect(await tradesOf('GGG/USDT:USDT')).toHaveLength(0)
})
