import { describe, expect, it } from 'vitest'
import { capabilitiesOf } from '../../lib/src/base/database/connections/capabilities.ts'
import { nowMicros, price } from '../../lib/src/base/types/index.ts'
import { onTimescale } from '../support/database.ts'
import { aPrice } from './records.ts'
import { count, testStore } from './testStore.ts'

const store = await testStore()
const { policies } = store.timescale

describe.skipIf(onTimescale)('on plain PostgreSQL', () => {
  it('retention deletes old rows in batches, and only those', async () => {
    const now = nowMicros()
    const day = 86_400_000_000
    const rows = Array.from({ length: 45_000 }, (_, i) => aPrice({ time: now - 10 * day - i * 1000 }))
    await store.timescale.upsert(price, [...rows, aPrice({ time: now }), aPrice({ time: now - 2 * day })])
    await policies.setRetention('crypto_prices', 7)
    expect(await policies.retention()).toEqual({ crypto_prices: 7 })
    expect(await policies.applyRetention()).toEqual([{ table: 'crypto_prices', unit: 'rows', dropped: 45_000 }])
    expect(await policies.applyRetention()).toEqual([{ table: 'crypto_prices', unit: 'rows', dropped: 0 }])
    expect(await count(store, 'crypto_prices')).toBe(2)
    await policies.setRetention('crypto_prices', undefined)
    expect(await policies.applyRetention()).toEqual([])
  })

  it('compression fails with the missing requirement', async () => {
    await expect(policies.setCompression('trades', 7)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('TimescaleDB'),
    })
  })
})

it('an invalid policy is refused', async () => {
  await expect(policies.setRetention('currencies' as never, 7)).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'table' })
  await expect(policies.setRetention('trades', -1)).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'days' })
})

it('capabilities follow from the server and the extension’s version and licence', () => {
  expect(capabilitiesOf(180_004, undefined)).toMatchObject({
    hypertables: false,
    compression: false,
    continuousAggregates: false,
  })
  expect(capabilitiesOf(150_000, '2.22.1')).toMatchObject({
    hypertables: true,
    compression: true,
    continuousAggregates: true,
  })
  expect(['2.27.2', '2.28.0', '3.1', '2.9.3'].map((version) => capabilitiesOf(150_000, version).batchedRefresh)).toEqual([
    false,
    true,
    true,
    false,
  ])
  expect(['2.22.1', '2.23.0', '3.1'].map((version) => capabilitiesOf(150_000, version).forcedRefresh)).toEqual([
    false,
    true,
    true,
  ])
  expect(capabilitiesOf(150_000, '2.22.1', 'apache')).toMatchObject({
    hypertables: true,
    compression: false,
    continuousAggregates: false,
  })
})
