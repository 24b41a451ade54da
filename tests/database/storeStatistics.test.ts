import { describe, expect, it } from 'vitest'
import { storeStatistics } from '../../lib/src/base/database/index.ts'
import { price } from '../../lib/src/base/types/index.ts'
import { onTimescale } from '../support/database.ts'
import { aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const prices = (count: number) => Array.from({ length: count }, (_, i) => aPrice({ time: MONDAY + i * MINUTE }))

describe('statistics of the store', async () => {
  const store = await testStore()

  it('report rows, bytes, policies and rollups', async () => {
    await store.timescale.upsert(price, prices(500))
    await store.timescale.policies.setRetention('crypto_prices', 30)
    const found = await storeStatistics(store)
    expect(found).toMatchObject({ layout: onTimescale ? 'hypertables' : 'plain', rollups: { pending: 0, lagMs: 0 } })
    expect(found.timescale !== undefined).toBe(onTimescale)
    const [prices_] = found.tables.filter(({ table }) => table === 'crypto_prices')
    expect(prices_).toMatchObject({ rows: 500, estimated: false, retentionDays: 30 })
    expect(prices_?.chunks).toBe(onTimescale ? 1 : undefined)
    expect(prices_?.bytes).toBeGreaterThan(50_000)
    expect(found.databaseBytes).toBeGreaterThan(found.tables.reduce((sum, { bytes }) => sum + bytes, 0))
    await store.rollups.turnOn()
    await store.timescale.upsert(price, [aPrice()])
    const { rollups } = await storeStatistics(store)
    expect(rollups).toMatchObject({ keeper: onTimescale ? 'aggregates' : 'tables', pending: 1 })
  })
})
