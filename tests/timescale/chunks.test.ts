import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Coverage, openStore, type Store, storeStatistics } from '../../lib/src/base/database/index.ts'
import { decimal, marketAnalytics, nowMicros, ohlcv, price, trade } from '../../lib/src/base/types/index.ts'
import { aBar, aPrice } from '../database/records.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'
import { DAY, HOUR } from './market.ts'
import { PlanWatch } from './plans.ts'

const CHUNKS = 105
const WEEK = 7 * DAY
const COINS = 10
const TABLES = ['crypto_prices', 'ohlcv_data', 'trades'] as const
const end = nowMicros() - (nowMicros() % DAY)
const of = { source: 'venue', currency: 'usd', origin: 'live' as const }

/** Rows over so many chunks up to today, at this distance. */
function many<T>(chunk: number, apart: number, make: (time: number, i: number) => T): T[] {
  const first = end - 1 - ((end - 1) % chunk) - (CHUNKS - 1) * chunk
  return Array.from({ length: Math.ceil((end - first) / apart) }, (_, i) => make(first + i * apart, i))
}

const aTrade = (time: number, sequence: number) => ({
  ...of,
  ...{ coinId: 'coin-1', time, receivedAt: time, tradeId: `${sequence}`, sequence, side: 'buy' as const },
  ...{ price: decimal('1.5'), amount: decimal('2') },
})
const pricesAt = (time: number, figure = '5') =>
  Array.from({ length: COINS }, (_, coin) => aPrice({ ...of, coinId: `coin-${coin}`, time: time + coin, price: figure }))

/** 105 chunks of each table, of which 103 are compressed. */
async function fill({ timescale, pool }: Store): Promise<void> {
  await pool.query("select set_chunk_time_interval('ohlcv_data_rows', interval '7 days')")
  await timescale.upsert(price, many(WEEK, DAY / 2, (time) => pricesAt(time)).flat())
  await timescale.upsert(trade, many(DAY, 4 * HOUR, aTrade))
  const bar = (timeframe: '1h' | '1d', time: number) => aBar({ ...of, coinId: 'coin-1', timeframe, time, receivedAt: time + DAY })
  await timescale.upsert(
    ohlcv,
    many(WEEK, DAY, (time) => [bar('1d', time - (time % DAY)), bar('1h', time - (time % DAY))]).flat(),
  )
  const figures = { totalMarketCap: decimal('1'), totalVolume24h: decimal('1'), btcDominance: decimal('50') }
  await timescale.upsert(
    marketAnalytics,
    many(WEEK, 30 * DAY, (time) => ({
      source: 'venue',
      ...{ currency: 'usd', origin: 'live' as const, time, receivedAt: time, ...figures },
      ...{ ethDominance: decimal('20'), activeCoins: 10, markets: 2 },
    })),
  )
  for (const table of TABLES) {
    await timescale.policies.setCompression(table, 36_000)
    await pool.query(
      `select compress_chunk(format('%I.%I', chunk_schema, chunk_name)::regclass) from (
         select * from timescaledb_information.chunks where hypertable_name = '${table}_rows' order by range_start desc offset 2) as c`,
    )
  }
  await pool.query('vacuum analyze')
}

/** Compressed chunks with some decompressed rows. */
const UNPACKED = 'select count(*)::int as n from _timescaledb_catalog.chunk where status & 8 > 0'

describeWith('timescaledb', 'over 105 chunks of which 103 are compressed', () =>
  describe('one after the other', { shuffle: false }, () => {
    let database: TestDatabase
    let store: Store
    let coverage: Awaited<ReturnType<typeof Coverage.open>>
    let plans: PlanWatch
    beforeAll(async () => {
      database = await createDatabase('timescaledb')
      const filled = await openStore({ databaseUrl: database.url, home: '/nowhere', layout: 'hypertables' })
      await fill(filled)
      await filled.close()
      plans = await PlanWatch.start(database.admin)
      store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
      coverage = await Coverage.open(store.pool)
      await coverage.introduce('venue', { contiguous: ['trade'] })
      await coverage.refresh()
    })
    afterAll(async () => {
      plans?.stop()
      await store?.close()
      await database?.drop()
    })

    it('the chunks exist', async () => {
      const { rows } = await store.pool.query(
        `select hypertable_name as name, count(*)::int as chunks, count(*) filter (where is_compressed)::int as compressed
         from timescaledb_information.chunks where hypertable_name = any ($1) group by 1 order by 1`,
        [TABLES.map((table) => `${table}_rows`)],
      )
      expect(rows).toEqual([
        { name: 'crypto_prices_rows', chunks: CHUNKS, compressed: CHUNKS - 2 },
        { name: 'ohlcv_data_rows', chunks: CHUNKS, compressed: CHUNKS - 2 },
        { name: 'trades_rows', chunks: CHUNKS, compressed: CHUNKS - 2 },
      ])
      // Proves that the test can fail: this statement reads all chunks.
      const all = await plans.most(() => store.pool.query('select max(price) from crypto_prices_rows'))
      expect(all).toEqual({ crypto_prices_rows: CHUNKS })
    })

    const week = { from: end - 50 * WEEK, to: end - 49 * WEEK }
    it.each([
      ['the latest candles', { to: end, limit: 10 }, 3],
      ['candles of a week long ago', week, 2],
    ] as const)('%s', async (_, query, most) => {
      const read = await plans.most(() => store.dsl.getOHLCV({ coin: 'coin-1', timeframe: '1d', limit: 500, ...query }))
      expect(Object.keys(read)).toEqual(['ohlcv_data_rows'])
      expect(read.ohlcv_data_rows).toBeLessThanOrEqual(most)
    })

    it('candles of prices alone: a query opens the chunks of its window', async () => {
      const walks = await plans.of(() => store.dsl.getOHLCV({ coin: 'coin-7', timeframe: '1h', limit: 4 }))
      const first = walks.filter(({ text }) => text.includes('with recursive b (open)'))
      expect(first.length).toBeGreaterThan(0)
      for (const { chunks } of first) expect(chunks.crypto_prices_rows).toBeLessThanOrEqual(2)
    })

    it('answers from the registry read no chunk, and market figures one', async () => {
      expect(await plans.most(() => store.dsl.getLatestPrices({ limit: 100 }))).toEqual({})
      expect(await plans.most(() => store.dsl.getCurrentPrice({ coin: 'coin-1' }))).toEqual({})
      expect(await plans.most(() => store.dsl.getMarketSummary({}))).toEqual({ market_analytics_rows: 1 })
    })

    it('data health reads the chunks of its time range', async () => {
      const read = await plans.most(() => store.dsl.getDataHealth({ coin: 'coin-1', ...week }))
      expect(read.crypto_prices_rows).toBeLessThanOrEqual(3)
      expect(read.ohlcv_data_rows).toBeLessThanOrEqual(3)
    })

    it('coverage reads added rows only', async () => {
      expect(await plans.most(() => coverage.refresh())).toEqual({})
      await store.timescale.upsert(price, pricesAt(end))
      await store.timescale.upsert(trade, [aTrade(end, CHUNKS * 6)])
      const added = await plans.most(() => coverage.refresh())
      expect(Object.keys(added).toSorted()).toEqual(['crypto_prices_rows', 'trades_rows'])
      // Two, if a new chunk has begun.
      for (const count of Object.values(added)) expect(count).toBeLessThanOrEqual(2)
      // As after the start of another version, which reads whole series; this one has two gaps.
      const { rows } = await store.pool.query<{ id: string }>("select id from series where coin_id = 'coin-3' and type = 'price'")
      const id = rows[0]?.id as string
      await store.pool.query(`update coverage_series set seen = null where id = ${id}`)
      await store.pool.query(`delete from coverage_spans where series_id = ${id}`)
      await store.pool.query(`insert into coverage_spans (series_id, state, span) values
        (${id}, 'held', tstzrange('-infinity', now() - interval '500 days')), (${id}, 'held', tstzrange(now() - interval '490 days', 'infinity'))`)
      expect((await plans.most(() => coverage.refresh())).crypto_prices_rows).toBeLessThanOrEqual(4)
    })

    it('writing into recent chunks decompresses none: neither new rows, nor repeated ones, nor single ones', async () => {
      const recent = Array.from({ length: 300 }, (_, i) => pricesAt(end + i * 1_000_000)).flat()
      for (const receivedAt of [1, 2, 3])
        await store.timescale.upsert(
          price,
          recent.map((one) => ({ ...one, receivedAt: one.time + receivedAt })),
        )
      await store.drizzle.insert(price, aPrice({ ...of, coinId: 'coin-1', time: end + 7 }))
      expect((await store.pool.query(UNPACKED)).rows).toEqual([{ n: 0 }])
    })

    it('SQL by name reads, updates and deletes only in the chunk of the rows', async () => {
      const day = `time >= to_timestamp(${(end - 30 * WEEK) / 1e6}) and time < to_timestamp(${(end - 30 * WEEK + DAY) / 1e6})`
      const where = `where coin_id = 'coin-2' and ${day}`
      expect(await plans.most(() => store.pool.query(`select time, price from crypto_prices ${where}`))).toEqual({
        crypto_prices_rows: 1,
      })
      const { rows } = await store.pool.query(`update crypto_prices set price = 7 ${where} returning time`)
      expect(rows.length).toBe(2)
      expect((await store.pool.query(`delete from crypto_prices ${where}`)).rowCount).toBe(2)
      expect((await store.pool.query(UNPACKED)).rows).toEqual([{ n: 1 }])
    })

    it('retention recounts the series from the first remaining chunk', async () => {
      await store.timescale.policies.setRetention('crypto_prices', 700)
      const read = await plans.most(() => store.timescale.policies.applyRetention())
      expect(read.crypto_prices_rows).toBeLessThanOrEqual(2)
      const { rows } = await store.pool.query(
        "select s.first = (select min(time) from crypto_prices_rows as r where r.series = s.id) as right from series as s where s.type = 'price'",
      )
      expect(rows).toEqual(Array.from({ length: COINS }, () => ({ right: true })))
    })

    it('the store’s check reads one chunk; statistics count no large table', async () => {
      for (const [table, count] of Object.entries(await plans.most(() => store.check())))
        expect([table, count]).toEqual([table, 1])
      await store.pool.query(`insert into crypto_prices_rows (series, time, received_at, origin, price)
        select (select id from series where type = 'price' and coin_id = 'coin-4'), to_timestamp(${(end - 60 * WEEK) / 1e6}) + i * interval '1 second', now(), 'live', 1
        from generate_series(1, 120000) as i`)
      await store.pool.query(
        "select compress_chunk(c, true) from show_chunks('crypto_prices_rows', older_than => now() - interval '300 days') as c",
      )
      await store.pool.query('analyze crypto_prices_rows')
      const read = await plans.most(async () => {
        const { tables } = await storeStatistics(store)
        expect(tables.find(({ table }) => table === 'crypto_prices')).toMatchObject({ estimated: true })
      })
      expect(read.crypto_prices_rows).toBeUndefined()
    })
  }),
)
