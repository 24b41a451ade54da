import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { type LinkedTools, linkedTools } from '../linkedTools.ts'
import { appendPrices, pricesOf } from './prices.ts'

const { url: databaseUrl } = await testDatabase()
let tools: LinkedTools
beforeAll(async () => {
  tools = await linkedTools({ databaseUrl })
})
afterAll(() => tools[Symbol.asyncDispose]())

const ask = (input: Record<string, unknown>) => tools.call<{ readonly bars?: number }>('batch_process_data', input)
const refused = (input: Record<string, unknown>) => tools.refused('batch_process_data', input)
const count = async (where: string, ...values: unknown[]): Promise<number> => {
  const { rows } = await tools.platform.store.pool.query<{ n: number }>(`select count(*)::int as n from ${where}`, values)
  return rows[0]?.n ?? 0
}

describe('aggregate', () => {
  test('makes the bars again from what is stored, also where they were wrong', async () => {
    const { store } = tools.platform
    await appendPrices(tools.platform.stream, pricesOf('barred', [1, 2, 3]))
    await until(async () => (await count('crypto_prices where coin_id = $1', 'barred')) === 3, 'the prices')
    await store.rollups.turnOn()
    await ask({ operation: 'aggregate' })
    const bars = () => count("rollups where coin_id = 'barred'")
    const before = await bars()
    if (before > 0) {
      // Kept by us, and not by TimescaleDB itself.
      await store.pool.query("delete from rollups where coin_id = 'barred'")
      const { bars: made } = await ask({ operation: 'aggregate' })
      expect(made).toBeGreaterThan(0)
      expect(await bars()).toBe(before)
    }
    expect((await store.rollups.status()).pending).toBe(0)
  })

  test('says so where nothing is rolled up', async () => {
    const { store } = tools.platform
    await store.rollups.turnOff()
    expect(await refused({ operation: 'aggregate' })).toMatch(/^UNSUPPORTED: nothing is rolled up: set store\.rollups\.enabled/)
    await store.rollups.turnOn()
  })
})
