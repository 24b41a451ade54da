import { afterAll, beforeAll, expect, test } from 'vitest'
import { Coverage, openStore, type Store } from '../../lib/src/base/database/index.ts'
import { testDatabase } from '../support/database.ts'
import { folderOf, importFiles, textRows, zipOf } from './importing.ts'

const { url } = await testDatabase()
let store: Store
beforeAll(async () => {
  store = await openStore({ databaseUrl: url, home: '/nowhere' })
})
afterAll(() => store.close())

const START = Date.UTC(2024, 2, 31, 22) / 1000
const bar = (minute: number, price: string) => `${START + minute * 60},${price},${price}9,${price},${price}5,0.00012000,3`

test('candles of two pairs in one archive: figures as in the file, minutes without trades are no gaps', async () => {
  const zip = zipOf({
    'Kraken_OHLCVT/XBTUSD_1.csv': [bar(0, '71000.1'), bar(1, '71000.2'), bar(7, '71000.30'), bar(9, '71000.4')].join('\n'),
    'Kraken_OHLCVT/XDGEUR_1440.csv': `${Date.UTC(2024, 2, 31) / 1000},0.2,0.21,0.19,0.20000000,12345678.90000000,17\n`,
    'Kraken_OHLCVT/XDGEUR_720.csv': `${Date.UTC(2024, 2, 31, 12) / 1000},0.2,0.21,0.19,0.2,1,17\n`,
    '__MACOSX/._XBTUSD_1.csv': 'x',
  })
  await store.pool.query(`insert into trading_pairs (coin_id, source, time, received_at, origin, symbol, name, base, quote, active)
    values ('DOGE/EUR', 'kraken', now(), now(), 'live', 'XDGEUR', 'DOGE', 'DOGE', 'EUR', true)`)
  const folder = folderOf({ 'Kraken_OHLCVT_Q1_2024.zip': zip })
  const result = await importFiles(url, { paths: [folder], format: 'kraken', symbols: { XBTUSD: 'BTC/USD' } })
  expect(result).toMatchObject({ files: 1, read: 6, stored: 6, refused: 0, failures: [] })
  const sql = `select timeframe, open::text, high::text, close::text, volume::text, trade_count::text as n, currency, is_final::text
    from ohlcv_data where coin_id = $1 order by timeframe, time`
  expect(await textRows(store.pool, sql, ['BTC/USD'])).toEqual(
    ['71000.1', '71000.2', '71000.3', '71000.4'].map((price) => ({
      timeframe: '1m',
      open: price,
      high: price === '71000.3' ? '71000.309' : `${price}9`,
      close: price === '71000.3' ? '71000.305' : `${price}5`,
      volume: '0.00012',
      n: '3',
      currency: 'USD',
      is_final: 'true',
    })),
  )
  expect(await textRows(store.pool, sql, ['DOGE/EUR'])).toMatchObject([
    { timeframe: '12h', is_final: 'true' },
    { timeframe: '1d', volume: '12345678.9', is_final: 'true' },
  ])
  const coverage = await Coverage.open(store.pool)
  const [minutes] = await coverage.list({ coins: ['BTC/USD'] })
  expect(minutes).toMatchObject({ gaps: [], held: [{ from: START * 1e6, to: (START + 600) * 1e6 }] })
})

test('trades without ids: refused for a source whose trades have ids, else each row is a trade of its own', async () => {
  const rows = [
    '1717200000,410.500000,0.10000000',
    '1717200000,410.500000,0.20000000',
    '1717200000,410.500000,0.20000000',
    '1717200001.25,410.7,0.4',
  ]
  const folder = folderOf({ 'BCHUSD.csv': `${rows.join('\n')}\n` })
  const request = { paths: [folder], format: 'kraken', coin: 'BCH/USD' } as const
  expect((await importFiles(url, request)).messages).toEqual([
    "BCHUSD.csv: Kraken's files of trades have no ids, so they cannot be told from trades that have: import them into a source of their own, such as --source kraken-files",
  ])
  await store.pool.query(`insert into trades (coin_id, source, time, received_at, origin, currency, trade_id, side, price, amount)
    values ('BCH/USD', 'other', '2024-01-01', '2024-01-01', 'live', 'USD', '17', 'buy', 1, 1)`)
  expect((await importFiles(url, { ...request, source: 'other' })).messages).toEqual([
    'trades of BCH/USD have no ids here, and those of other have: each would be there twice; import them into a source of their own, such as --source other-files',
  ])
  expect(await importFiles(url, { ...request, source: 'kraken-files' })).toMatchObject({ stored: 4, failures: [] })
  expect(await importFiles(url, { ...request, source: 'kraken-files', again: true })).toMatchObject({ stored: 0, overwritten: 4 })
  const sql = `select count(*)::text as n, sum(amount)::text as volume from trades where source = 'kraken-files'`
  expect(await textRows(store.pool, sql)).toEqual([{ n: '4', volume: '0.9' }])
})
