import { afterAll, beforeAll, expect, it } from 'vitest'
import { layoutMismatch, openStore, type Store, storedLayout } from '../../lib/src/base/database/index.ts'
import { nowMicros, ohlcv, price } from '../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../database/records.ts'
import { count } from '../database/testStore.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'

const DAY = 86_400_000_000

describeWith('timescaledb', 'on TimescaleDB', () => {
  let database: TestDatabase
  let store: Store
  beforeAll(async () => {
    database = await createDatabase('timescaledb')
    store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
  })
  afterAll(async () => {
    await store.close()
    await database.drop()
  })

  it('lays the growing tables out as hypertables', async () => {
    expect(await storedLayout(store.pool)).toBe('hypertables')
    expect(await layoutMismatch(store.pool, store.capabilities)).toBeUndefined()
    expect(await count(store, "timescaledb_information.hypertables where hypertable_name <> 'rollups'")).toBe(7)
  })

  it('upserts over many chunks, straight and merged, and reads the latest', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) =>
      aPrice({ coinId: `coin-${i % 5}`, source: 'chunks', time: MONDAY + i * 60 * MINUTE, price: String(i) }),
    )
    await store.timescale.upsert(price, rows)
    const newer = rows.map((row) => ({ ...row, receivedAt: row.receivedAt + 1 }))
    expect(await store.timescale.upsert(price, newer)).toEqual({ written: 0, overwritten: 3000, failed: [] })
    expect(await store.timescale.upsert(price, rows)).toEqual({ written: 0, overwritten: 3000, failed: [] })
    const {
      rows: [stored],
    } = await store.pool.query(
      "select count(*)::int as n, count(distinct received_at)::int as r from crypto_prices where source = 'chunks'",
    )
    expect(stored).toEqual({ n: 3000, r: 1 })
    const { items } = await store.dsl.getLatestPrices({ sources: ['chunks'] })
    expect(items).toEqual(newer.slice(-5))
  })

  it('upserts into compressed chunks', async () => {
    const old = MONDAY - 365 * DAY
    const rows = Array.from({ length: 2000 }, (_, i) => aPrice({ source: 'packed', time: old + i * MINUTE, price: '1' }))
    await store.timescale.upsert(price, rows)
    await store.timescale.policies.setCompression('crypto_prices', 30)
    await store.pool.query(
      "select compress_chunk(c, true) from show_chunks('crypto_prices_rows', older_than => now() - interval '30 days') as c",
    )
    const backfill = [
      ...rows.slice(0, 500).map((row) => ({ ...row, receivedAt: row.receivedAt + 1, price: aPrice({ price: '2' }).price })),
      aPrice({ source: 'packed', time: old + 1 }),
    ]
    expect(await store.timescale.upsert(price, backfill)).toEqual({ written: 1, overwritten: 500, failed: [] })
    const {
      rows: [stored],
    } = await store.pool.query("select count(*)::int as n, sum(price)::text as sum from crypto_prices where source = 'packed'")
    expect(stored).toEqual({ n: 2001, sum: String(1500 + 1000 + 65000.5) })
  })

  it('compression can be set for every table', async () => {
    for (const table of [
      'ohlcv_data',
      'trades',
      'quotes',
      'indicators',
      'market_analytics',
      'trending',
      'alerts',
      'books',
      'corporate_actions',
      'observations',
    ] as const)
      await store.timescale.policies.setCompression(table, 7)
    expect(await count(store, "timescaledb_information.jobs where proc_name like 'policy_compression'")).toBeGreaterThanOrEqual(6)
    await store.timescale.policies.setCompression('trades', undefined)
  })

  it('retention drops whole chunks', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => aBar({ source: 'dropped', time: nowMicros() - (300 + i) * DAY }))
    await store.timescale.upsert(ohlcv, rows)
    await store.timescale.policies.setRetention('ohlcv_data', 200)
    await store.rollups.catchUp() // another test may have turned rollups on, and dirty records are not dropped
    const [result] = await store.timescale.policies.applyRetention()
    expect(result).toMatchObject({ table: 'ohlcv_data', unit: 'chunks' })
    expect(result?.dropped).toBeGreaterThan(3)
    await store.timescale.policies.setRetention('ohlcv_data', undefined)
  })

  it('continuous aggregates roll one-minute bars up', async () => {
    const bars = Array.from({ length: 120 }, (_, i) =>
      aBar({
        coinId: 'rolled',
        time: MONDAY + i * MINUTE,
        open: String(i + 1),
        high: String(i + 2),
        low: String(i),
        close: String(i + 1),
      }),
    )
    await store.timescale.upsert(ohlcv, bars)
    await store.rollups.turnOn()
    await store.rollups.turnOn()
    await store.rollups.catchUp()
    const { rows } = await store.pool.query(
      "select open::text, high::text, low::text, close::text, pieces::int as bars from candles_1h join series on id = series where coin_id = 'rolled' order by time",
    )
    expect(rows).toEqual([
      { open: '1', high: '61', low: '0', close: '60', bars: 60 },
      { open: '61', high: '121', low: '60', close: '120', bars: 60 },
    ])
    const { candles } = await store.dsl.getOHLCV({ coin: 'rolled', timeframe: '1h', to: MONDAY + DAY })
    expect(candles.map((candle) => [candle.open, candle.high, candle.low, candle.close])).toEqual(
      rows.map((row) => [row.open, row.high, row.low, row.close]),
    )
  })
})
