import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { testDatabase } from '../support/database.ts'
import { folderOf, importFiles, textRows } from './importing.ts'

const { url } = await testDatabase()
let store: Store
beforeAll(async () => {
  store = await openStore({ databaseUrl: url, home: '/nowhere' })
})
afterAll(() => store.close())

const prices = (source: string) =>
  textRows(
    store.pool,
    `select to_char(time at time zone 'UTC', 'YYYY-MM-DD') as day, price::text, volume_24h::text as volume, origin
    from crypto_prices where source = $1 order by time`,
    [source],
  )

test('a table with columns of other names and words for nothing', async () => {
  const folder = folderOf({
    'x.csv': 'Date,Close,Vol\n2024-01-01,1.60,null\n2024-01-02,1.7,NaN\n2024-01-03,null,null\n2024-01-04,1.8,\n',
  })
  const rows = { record: 'price', columns: { Date: 'time', Close: 'price', Vol: 'volume_24h' }, nulls: ['null', 'NaN'] }
  const result = await importFiles(url, { paths: [folder], format: 'csv', source: 'desk', coin: 'AAA/USD', rows })
  expect(result).toMatchObject({ read: 4, stored: 3, refused: 1, failures: [] })
  const common = { volume: null, origin: 'backfill' }
  expect(await prices('desk')).toEqual([
    { ...common, day: '2024-01-01', price: '1.6' },
    { ...common, day: '2024-01-02', price: '1.7' },
    { ...common, day: '2024-01-04', price: '1.8' },
  ])
})

test('counts of both units: the unit is told apart, or each row of the wrong one is refused', async () => {
  const text = 'time,open,high,low,close,volume\n1735689540000,4.1,4.3,4.05,4.2,12.5\n1735689600000000,4.2,4.25,4.15,4.16,3.25\n'
  const folder = folderOf({ 'ohlcv.csv': text })
  const request = { paths: [folder], format: 'csv', source: 'units', coin: 'BBB/USD' } as const
  const constants = { timeframe: '1m' }
  expect(await importFiles(url, { ...request, rows: { constants, time_format: 'microseconds' } })).toMatchObject({
    stored: 1,
    refused: 1,
  })
  expect(await importFiles(url, { ...request, rows: { constants, time_format: 'epoch' } })).toMatchObject({
    stored: 1,
    overwritten: 1,
  })
})

test('trades without ids are one row each, and never mix with trades that have ids', async () => {
  const folder = folderOf({
    'trade.csv': 'time,price,amount\n1717200000,410.5,0.1\n1717200000,410.5,0.2\n1717200000,410.6,0.3\n1717200001,410.7,0.4\n',
    'ids/trade.csv': 'time,trade_id,side,price,amount\n1717200000,97,buy,410.5,0.1\n',
  })
  const request = { format: 'csv', source: 'stamp', coin: 'BCH/USD', rows: { time_format: 'seconds' } } as const
  expect(await importFiles(url, { ...request, paths: [`${folder}/trade.csv`] })).toMatchObject({ stored: 4 })
  expect(await importFiles(url, { ...request, paths: [`${folder}/trade.csv`], again: true })).toMatchObject({
    stored: 0,
    overwritten: 4,
  })
  const mixed = await importFiles(url, { ...request, paths: [`${folder}/ids`] })
  expect(mixed.messages[0]).toMatch(/^trades of BCH\/USD have ids here, and those stored of stamp came from files without/)
  const sql = "select sum(amount)::text as volume, count(*)::text as n from trades where source = 'stamp'"
  expect(await textRows(store.pool, sql)).toEqual([{ volume: '1.0', n: '4' }])
})

test('a header that is not UTF-8 refuses the file; a cut archive is imported up to its cut, once, and fails by name and line', async () => {
  const rows = Array.from(
    { length: 60_000 },
    (_, i) => `2024-01-01T00:00:${String(i % 60).padStart(2, '0')}.${100_000 + Math.floor(i / 60)}Z,${i}`,
  )
  const whole = gzipSync(`time,price\n${rows.join('\n')}\n`)
  const folder = folderOf({
    'a/price.csv': Buffer.from('time,price,W\xe4hrung\n2024-01-01,1.5,x\n', 'latin1'),
    'b/price.csv.gz': whole.subarray(0, Math.floor(whole.length / 2)),
  })
  const request = { paths: [folder], format: 'csv', source: 'cut', coin: 'CUT/USD' } as const
  const result = await importFiles(url, request)
  expect(result.failed).toBe(2)
  expect(result.messages[0]).toMatch(/^price\.csv: line 1 is not UTF-8, so that the columns have no names/)
  const line = result.read + 2
  expect(result.messages[1]).toBe(
    `price.csv.gz:${line}: unexpected end of file; the lines before it are imported; get the file again, and import it again for the rest`,
  )
  expect(result.read).toBeGreaterThan(10_000)
  expect(result.stored).toBe(result.read)
  // Its place is kept: the same cut file gives nothing twice.
  expect(await importFiles(url, request)).toMatchObject({ read: 0, stored: 0, failed: 2 })
})

test('a dry run counts, and stores nothing', async () => {
  const folder = folderOf({ 'price.csv': 'time,price\n2024-01-01,1\n2024-01-02,x\n2999-01-01,3\n' })
  const request = { paths: [folder], format: 'csv', source: 'dry', coin: 'DRY/USD', dryRun: true } as const
  expect(await importFiles(url, request)).toMatchObject({ read: 3, published: 1, refused: 2 })
  expect(await prices('dry')).toEqual([])
})

test('NDJSON with the figures of its text', async () => {
  const lines = [
    '{"coin_id":"nd","currency":"usd","time":"2024-01-01T00:00:00Z","price":2281.4700000000000000001}',
    '{"coin_id":"nd"}',
  ]
  const folder = folderOf({ 'price.ndjson.gz': gzipSync(lines.join('\n')) })
  expect(await importFiles(url, { paths: [folder], format: 'ndjson', source: 'nd' })).toMatchObject({ stored: 1, refused: 1 })
  expect(await prices('nd')).toMatchObject([{ price: '2281.4700000000000000001' }])
})

test('tardis: trades and quotes with the resolution of the venue; books as snapshots; changes of books and other symbols are refused', async () => {
  const head = 'exchange,symbol,timestamp,local_timestamp'
  const folder = folderOf({
    'trades.csv.gz': gzipSync(
      `${head},id,side,price,amount\nbinance,TTTUSDT,1585699200245500,1585699200250000,7,sell,6500.10,0.20\nbinance,UUUUSDT,1585699200245500,1585699200250000,8,sell,6500.10,0.20\n`,
    ),
    'quotes.csv.gz': gzipSync(
      `${head},ask_amount,ask_price,bid_price,bid_amount\nkraken,TTT/USD,1585699200245511,1585699200250000,1.50,6501.0,6500.9,2\n`,
    ),
    'book.csv': `${head},asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount\nbinance,TTTUSDT,1585699200245500,1585699200250000,2.10,1,2.0,3,2.2,4.50,,\n`,
    'changes.csv': `${head},is_snapshot,side,price,amount\nbinance,TTTUSDT,1585699200245500,1585699200250000,true,ask,1,1\n`,
    'none.csv.gz': gzipSync(''),
  })
  const result = await importFiles(url, {
    paths: [folder],
    format: 'tardis',
    symbols: { TTTUSDT: 'TTT/USDT', 'TTT/USD': 'TTT/USD' },
  })
  expect(result).toMatchObject({ files: 5, read: 4, stored: 3, refused: 1, failed: 1 })
  expect(result.messages[0]).toMatch(/^changes\.csv: changes of order books are not imported/)
  expect(
    await textRows(
      store.pool,
      "select trade_id, side, price::text, to_char(time at time zone 'UTC', 'SS.US') as time from trades where coin_id = 'TTT/USDT'",
    ),
  ).toEqual([{ trade_id: '7', side: 'sell', price: '6500.1', time: '00.245000' }])
  expect(
    await textRows(
      store.pool,
      "select bid::text, ask_size::text, to_char(time at time zone 'UTC', 'SS.US') as time from quotes where coin_id = 'TTT/USD'",
    ),
  ).toEqual([{ bid: '6500.9', ask_size: '1.5', time: '00.245511' }])
  const sides =
    "select asks::text, ask_sizes::text, bids::text, bid_sizes::text, levels::text from books where coin_id = 'TTT/USDT'"
  expect(await textRows(store.pool, sides)).toEqual([
    { asks: '{2.1,2.2}', ask_sizes: '{1,4.5}', bids: '{2}', bid_sizes: '{3}', levels: '2' },
  ])
})

test('trades of one moment with numbers as ids are ordered as numbers: open and close are the first and the last', async () => {
  const trades = [
    ...['97,100.0', '98,100.1', '99,100.2', '100,100.3', '101,100.4'].map((row) => ['00', row.split(',')] as const),
    ...['9999998,200.1', '9999999,200.2', '10000000,200.3', '10000001,200.4'].map((row) => ['01', row.split(',')] as const),
  ].map(([minute, [id, price]]) => `2024-05-01T00:${minute}:00.100Z,${id},buy,${price},1`)
  const folder = folderOf({ 'trade.csv': `time,trade_id,side,price,amount\n${trades.join('\n')}\n` })
  const result = await importFiles(url, { paths: [folder], format: 'csv', source: 'digits', coin: 'AAA/USD' })
  expect(result).toMatchObject({ stored: 9, refused: 0, failures: [] })
  const range = { coin: 'AAA/USD', source: 'digits', from: '2024-05-01T00:00:00Z', to: '2024-05-01T01:00:00Z' }
  const bars = async (timeframe: '1m' | '1h') =>
    (
      await store.dsl.getOHLCV({ ...range, from: Date.parse(range.from) * 1000, to: Date.parse(range.to) * 1000, timeframe })
    ).candles.map(({ open, close, volume }) => [open, close, volume])
  expect(await bars('1m')).toEqual([
    ['100', '100.4', '5'],
    ['200.1', '200.4', '4'],
  ])
  expect(await bars('1h')).toEqual([['100', '200.4', '9']])
})

test('klines of Binance without a header take their columns from the settings, and give each figure of the file', async () => {
  const rows = [
    '1748736000000000,4.10000000,4.30000000,4.05000000,4.20000000,12.50000000,1748736059999999,52.00000000,7,6.00000000,25.00000000,0',
    '1748736060000000,4.20000000,4.25000000,4.15000000,4.16000000,3.25000000,1748736119999999,13.60000000,4,1.00000000,4.20000000,0',
  ]
  const folder = folderOf({ 'ohlcv.csv': `${rows.join('\n')}\n` })
  const columns = ['time', 'open', 'high', 'low', 'close', 'volume', '', '', 'trade_count', '', '', '']
  const given = { header: false, columns, time_format: 'epoch', constants: { timeframe: '1m' } }
  const result = await importFiles(url, { paths: [folder], format: 'csv', source: 'bare', coin: 'CCC/USD', rows: given })
  expect(result).toMatchObject({ stored: 2, refused: 0, failures: [] })
  const sql = `select open::text, high::text, low::text, close::text, volume::text, trade_count::text as n from ohlcv_data where source = 'bare' order by time`
  expect(await textRows(store.pool, sql)).toEqual([
    { open: '4.1', high: '4.3', low: '4.05', close: '4.2', volume: '12.5', n: '7' },
    { open: '4.2', high: '4.25', low: '4.15', close: '4.16', volume: '3.25', n: '4' },
  ])
})
