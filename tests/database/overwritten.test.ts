import { expect, it } from 'vitest'
import { decimal, type Price, price, type Trade, trade } from '../../lib/src/base/types/index.ts'
import { aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()

const deal = (tradeId: string, amount: string, received = 0): Trade => ({
  ...{ coinId: 'AAA/USD', source: 'venue', currency: 'USD', origin: 'replay', side: 'unknown' },
  ...{ time: MONDAY, receivedAt: MONDAY + received, tradeId, price: decimal('1'), amount: decimal(amount) },
})

it('of records with the same key in one write one is stored, and the others count as overwritten', async () => {
  const deals = [deal('none', '1'), deal('none', '2', 1), deal('none', '3', 2), deal('other', '4')]
  expect(await store.timescale.upsert(trade, deals)).toEqual({ written: 2, overwritten: 2, failed: [] })
  const { rows } = await store.pool.query('select amount::text from trades order by amount')
  expect(rows).toEqual([{ amount: '3' }, { amount: '4' }])
})

it('also across the batches of one import, and beside refused records', async () => {
  const rows = (from: number, count: number): Price[] =>
    Array.from({ length: count }, (_, i) => aPrice({ coinId: 'import', time: MONDAY + (from + i) * MINUTE }))
  const counts = []
  for (const batch of [rows(0, 3000), rows(2000, 3000), [...rows(4900, 200), aPrice({ coinId: 'nul\0' })]]) {
    const { written, overwritten, failed } = await store.timescale.upsert(price, batch)
    counts.push([written, overwritten, failed.length])
  }
  expect(counts).toEqual([
    [3000, 0, 0],
    [2000, 1000, 0],
    [100, 100, 1],
  ])
  expect(await store.dsl.storePrices(rows(0, 10))).toEqual({ written: 0, overwritten: 10, failed: [] })
})
