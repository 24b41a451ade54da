import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { csv, ndjson, parquet, type SegmentFormat } from '../../lib/src/base/segments/index.ts'
import { decimal, type RecordType, type RecordValues, recordTypes } from '../../lib/src/base/types/index.ts'
import { testDatabase } from '../support/database.ts'
import { folderOf, importFiles, textRows } from './importing.ts'

const { url } = await testDatabase()
let store: Store
beforeAll(async () => {
  store = await openStore({ databaseUrl: url, home: '/nowhere' })
})
afterAll(() => store.close())

const FORMATS: readonly (readonly [string, SegmentFormat])[] = [
  ['csv', csv('none')],
  ['csv.gz', csv('gzip')],
  ['ndjson', ndjson('none')],
  ['parquet', parquet()],
]

/** Writes a file as the platform exports it. */
async function exported(path: string, format: SegmentFormat, type: RecordType, records: readonly RecordValues[]) {
  const text = records.map((record) => `${type.encode(record)}\n`).join('')
  const pieces = async function* () {
    yield Buffer.from(text)
  }
  await format.write(type, { rows: records.length, pieces, store: (to) => writeFile(to, text) }, path)
}

test.each(FORMATS)('an export as %s comes back with every field as it was', async (extension, format) => {
  const coinId = `back-${extension}`
  const base = { coinId, source: 'venue', currency: 'usd', receivedAt: 1_720_000_000_123_456, origin: 'live' }
  const trades = ['1', '0.000000000000000000000000000001', '12345678901234567890123456789.5'].map((price, i) => ({
    ...base,
    time: 1_719_000_000_000_001 + i,
    tradeId: `t"${i}, x`,
    side: 'unknown',
    price: decimal(price),
    amount: decimal('0.1'),
    ...(i === 1 && { sequence: 9 }),
  }))
  const bars = [true, false].map((isFinal, i) => ({
    ...base,
    time: 1_719_100_800_000_000 + i * 60_000_000,
    timeframe: '1m',
    ...{ open: decimal('1'), high: decimal('2'), low: decimal('0.5'), close: decimal('1.5') },
    ...(i === 0 && { volume: decimal('7.25'), tradeCount: 3 }),
    isFinal,
    builtFrom: 'trades',
  }))
  const folder = folderOf({})
  await exported(join(folder, `trades.${extension}`), format, recordTypes.trade as unknown as RecordType, trades)
  await exported(join(folder, `bars.${extension}`), format, recordTypes.ohlcv as unknown as RecordType, bars)
  expect(await importFiles(url, { paths: [folder], format: 'qicore' })).toMatchObject({ read: 5, stored: 5, failures: [] })
  const back = async (table: string, type: RecordType) =>
    (
      await textRows(store.pool, `select to_jsonb(t)::text as row from ${table} as t where coin_id = $1 order by time`, [coinId])
    ).map(({ row }) => {
      const wire = JSON.parse(row as string, (_key, value, context?: { source: string }) =>
        typeof value === 'number' ? context?.source : value,
      ) as Record<string, unknown>
      for (const { name, kind } of type.fields) if (kind === 'integer' && wire[name] != null) wire[name] = Number(wire[name])
      return type.fromWire(wire)
    })
  expect(await back('trades', recordTypes.trade as unknown as RecordType)).toEqual(trades)
  expect(await back('ohlcv_data', recordTypes.ohlcv as unknown as RecordType)).toEqual(bars)
})

test('Parquet of others: texts, floats, times and whole numbers, with a mapping of columns', async () => {
  const folder = folderOf({})
  parquetWriteFile({
    filename: join(folder, 'bars.parquet'),
    columnData: [
      { name: 'when', data: [new Date('2024-01-01T00:00:00.001Z'), new Date('2024-01-01T00:01:00Z')], type: 'TIMESTAMP' },
      { name: 'o', data: [1.1, 2.5], type: 'DOUBLE' },
      { name: 'h', data: ['1.20', '3'], type: 'STRING' },
      { name: 'l', data: [0.1, 2], type: 'DOUBLE' },
      { name: 'c', data: [1.15, 2.6], type: 'DOUBLE' },
      { name: 'n', data: [7, 8], type: 'INT32' },
      { name: 'more', data: ['x', 'y'], type: 'STRING' },
    ],
  })
  const columns = { when: 'time', o: 'open', h: 'high', l: 'low', c: 'close', n: 'trade_count' }
  const rows = { record: 'ohlcv', columns, constants: { timeframe: '1m' } }
  const result = await importFiles(url, { paths: [folder], format: 'parquet', source: 'pq', coin: 'PQ/USD', rows })
  expect(result).toMatchObject({ read: 2, stored: 2, failures: [] })
  const sql = `select to_char(time at time zone 'UTC', 'MI:SS.MS') as time, open::text, high::text, low::text, trade_count::text as n from ohlcv_data where source = 'pq' order by time`
  expect(await textRows(store.pool, sql)).toEqual([
    { time: '00:00.001', open: '1.1', high: '1.2', low: '0.1', n: '7' },
    { time: '01:00.000', open: '2.5', high: '3', low: '2', n: '8' },
  ])
})
