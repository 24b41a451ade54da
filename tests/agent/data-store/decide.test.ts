import { expect, test } from 'vitest'
import { proposalsOf } from '../../../lib/src/consumers/agents/data-store/decide.ts'
import type { Storage } from '../../../lib/src/consumers/agents/data-store/report.ts'

const GIGABYTE = 1024 ** 3
const table = (
  name: Storage['tables'][number]['table'],
  gigabytes: number,
  days: number,
  more = {},
): Storage['tables'][number] => ({
  table: name,
  rows: 1000 * days,
  rows_a_day: 1000,
  bytes: gigabytes * GIGABYTE,
  ...more,
})
const decided = (storage: Storage, settings: Partial<Parameters<typeof proposalsOf>[1]>) =>
  proposalsOf(storage, { keep_days: {}, ...settings }).map(({ table: name, action, days }) => [name, action, days])

test('without settings, or where the store has them, nothing is proposed', () => {
  const tables = [table('trades', 1, 10, { retention_days: 30, compress_after_days: 7 })]
  expect(decided({ layout: 'hypertables', tables }, {})).toEqual([])
  expect(
    decided({ layout: 'hypertables', tables }, { keep_days: { trades: 30 }, compress_after_days: 7, most_gigabytes: 1 }),
  ).toEqual([])
  expect(decided({ layout: 'hypertables', tables }, { keep_days: { trades: 20 }, compress_after_days: 3 })).toEqual([
    ['trades', 'retention', 20],
    ['trades', 'compress', 3],
  ])
  expect(decided({ layout: 'plain', tables }, { compress_after_days: 3 })).toEqual([])
})

test('where space is short, quotes and trades are shortened before prices, and candles never', () => {
  const tables = [
    table('ohlcv_data', 50, 100),
    table('crypto_prices', 20, 100),
    table('trades', 20, 100),
    table('quotes', 10, 100),
  ]
  const proposed = (most_gigabytes: number) => decided({ layout: 'plain', tables }, { most_gigabytes })
  expect(proposed(100)).toEqual([])
  expect(proposed(95)).toEqual([['quotes', 'retention', 50]])
  // Quotes to a day leave 0.1 GB; of the 20 GB of trades 10.1 are still too many.
  expect(proposed(80)).toEqual([
    ['quotes', 'retention', 1],
    ['trades', 'retention', 49],
  ])
  expect(proposed(1).map(([name, , days]) => [name, days])).toEqual([
    ['quotes', 1],
    ['trades', 1],
    ['crypto_prices', 1],
  ])
})
