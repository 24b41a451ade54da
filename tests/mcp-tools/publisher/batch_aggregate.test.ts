import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { price } from '../../../lib/src/base/types/index.ts'
import { onTimescale, testDatabase } from '../../support/database.ts'
import { type LinkedTools, linkedTools } from '../linkedTools.ts'
import { pricesOf } from './prices.ts'

const { url: databaseUrl } = await testDatabase()
let tools: LinkedTools
beforeAll(async () => {
  // One that runs turns rollups on and makes bars by itself, at moments of its own.
  tools = await linkedTools({ databaseUrl, running: false })
})
afterAll(() => tools[Symbol.asyncDispose]())

const ask = (input: Record<string, unknown>) => tools.call<{ readonly bars?: number }>('batch_process_data', input)
const refused = (input: Record<string, unknown>) => tools.refused('batch_process_data', input)

describe('aggregate', () => {
  beforeEach(() => tools.platform.store.rollups.turnOn())

  // Continuous aggregates are TimescaleDB's own: their rows cannot be taken away.
  test.skipIf(onTimescale)('makes the bars again from what is stored, also where they were wrong', async () => {
    const { store } = tools.platform
    const ofBarred = "series in (select id from series where coin_id = 'barred')"
    const bars = async () =>
      (await store.pool.query(`select * from rollups where ${ofBarred} order by timeframe, time`)).rows as unknown[]
    await store.timescale.upsert(price, pricesOf('barred', [1, 2, 3]))
    await ask({ operation: 'aggregate' })
    const before = await bars()
    expect(before).not.toEqual([])
    await store.pool.query(`delete from rollups where ${ofBarred}`)
    const { bars: made } = await ask({ operation: 'aggregate' })
    expect(made).toBe(before.length)
    expect(await bars()).toEqual(before)
  })

  test('leaves nothing waiting', async () => {
    const { rollups, timescale } = tools.platform.store
    await timescale.upsert(price, pricesOf('waiting', [1, 2, 3]))
    expect((await rollups.status()).pending).toBeGreaterThan(0)
    await ask({ operation: 'aggregate' })
    expect((await rollups.status()).pending).toBe(0)
  })

  test('says so where nothing is rolled up', async () => {
    await tools.platform.store.rollups.turnOff()
    expect(await refused({ operation: 'aggregate' })).toMatch(/^UNSUPPORTED: nothing is rolled up: set store\.rollups\.enabled/)
  })
})
