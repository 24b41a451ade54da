import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { testDatabase } from '../support/database.ts'
import { readersPython } from '../support/run/available.ts'
import { describeWith, recordedData } from '../support/services.ts'
import { importFiles } from './importing.ts'

const ROLLUP = join(import.meta.dirname, '../support/readers/rollup.py')
type Bar = readonly [time: string, open: string, high: string, low: string, close: string, volume: string]

describeWith(['recorded-data', 'readers'], 'imported candles, rolled up', async () => {
  const { url } = await testDatabase()
  let store: Store
  beforeAll(async () => {
    store = await openStore({ databaseUrl: url, home: '/nowhere' })
  })
  afterAll(() => store.close())

  test.each([
    ['ohlcv-basana/bitstamp_btcusd_min_2020_01_01.csv', 'datetime', 'BTC/USD'],
    ['ohlcv-nautilus/btc-perp-20211231-20220201_1m.csv.gz', 'timestamp', 'BTC/USD:USD'],
  ])('%s: hours and days equal the sums of pandas, to the last digit', async (file, column, coin) => {
    const path = join(recordedData, file)
    const rows = { record: 'ohlcv', columns: { [column]: 'time' }, constants: { timeframe: '1m' } }
    const result = await importFiles(url, { paths: [path], format: 'csv', source: 'recorded', coin, rows })
    expect(result).toMatchObject({ refused: 0, failures: [] })
    expect(result.stored).toBe(result.read)
    const { stdout } = await promisify(execFile)(readersPython(), [ROLLUP, path, column, '1h', '1D'], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      maxBuffer: 1e8,
    })
    const sums = JSON.parse(stdout) as Readonly<Record<string, readonly Bar[]>>
    for (const [timeframe, length] of [
      ['1h', '1h'],
      ['1d', '1D'],
    ] as const) {
      const expected = (sums[length] ?? []).map(([time, ...figures]) => [Date.parse(time) * 1000, ...figures])
      expect(expected.length).toBeGreaterThan(0)
      const { candles } = await store.dsl.getOHLCV({ coin, timeframe, limit: 10_000 })
      expect(candles.map(({ time, open, high, low, close, volume }) => [time, open, high, low, close, volume])).toEqual(expected)
    }
  })
})
