import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store, storeStatistics, type TimeTable } from '../../lib/src/base/database/index.ts'
import { decimal, nowMicros } from '../../lib/src/base/types/index.ts'
import { Random } from '../chaos/random.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'
import { answers, candles, write } from './answers.ts'
import { aTrade, bar, DAY, HOUR, market, type Records } from './market.ts'

const SEED = 20260105
const TABLES = ['crypto_prices', 'ohlcv_data', 'trades'] as const satisfies readonly TimeTable[]

describeWith('timescaledb', 'TimescaleDB and plain PostgreSQL give the same', () =>
  describe('step by step', { shuffle: false }, () => {
    const random = new Random(SEED)
    const end = nowMicros() - (nowMicros() % DAY)
    const made = market(random, end)
    let databases: readonly TestDatabase[] = []
    let stores: readonly Store[] = []

    beforeAll(async () => {
      databases = await Promise.all([createDatabase('embedded'), createDatabase('timescaledb')])
      stores = await Promise.all(databases.map(({ url }) => openStore({ databaseUrl: url, home: '/nowhere' })))
    })
    afterAll(async () => {
      for (const store of stores) await store.close()
      for (const database of databases) await database.drop()
    })

    const both = <T>(ask: (store: Store) => Promise<T>): Promise<readonly T[]> => Promise.all(stores.map(ask))
    async function expectTheSame(): Promise<void> {
      for (const ask of [candles, answers]) {
        const [plain, timescale] = await both((store) => ask(store, end))
        expect(timescale).toEqual(plain)
      }
    }
    const store = (records: Partial<Records>) => both((one) => write(one, records))
    const rollUp = async () => {
      await both(({ rollups }) => rollups.catchUp())
      expect((await both(({ rollups }) => rollups.status())).map(({ keeper, pending }) => [keeper, pending])).toEqual([
        ['tables', 0],
        ['aggregates', 0],
      ])
    }
    const lately = (count: number, days: number) => ({
      trades: Array.from({ length: count }, () => aTrade(random, end - random.integer(0, days * 24 * 60) * 60_000_000 - 1)),
    })

    it('of records alone, before anything is rolled up', async () => {
      await store(made)
      await expectTheSame()
      const [plain] = await both((one) => one.dsl.getOHLCV({ coin: 'traded', timeframe: '1d', limit: 1000 }))
      expect(plain?.candles.length).toBeGreaterThan(25)
    })

    it('of rolled-up bars, and while new writes wait to be rolled up', async () => {
      await both(({ rollups }) => rollups.turnOn())
      await rollUp()
      await expectTheSame()
    })

    it('when records come late, out of order and corrected, after the refresh', async () => {
      const corrected = random.shuffled(made.trades).slice(0, 200)
      const rebuilt = random.shuffled(made.bars).slice(0, 200)
      await store({
        trades: [...lately(200, 30).trades, ...corrected.map((one) => ({ ...one, receivedAt: end, price: decimal('77.7') }))],
        prices: random.shuffled(made.prices).map((one, i) => ({ ...one, time: one.time - (i % 5) * HOUR, receivedAt: end + i })),
        bars: rebuilt.map((one) => ({ ...one, receivedAt: one.receivedAt + 1, close: decimal('99.9') })),
      })
      // Records with an earlier receivedAt lose against stored ones, whenever they arrive.
      await store({ trades: corrected.map((one) => ({ ...one, receivedAt: one.receivedAt - 1, price: decimal('1') })) })
      await expectTheSame()
      await rollUp()
      await expectTheSame()
    })

    it('when history is filled into compressed chunks', async () => {
      const [, timescale] = stores
      for (const table of TABLES) {
        await timescale?.timescale.policies.setCompression(table, 7)
        await timescale?.pool.query(`select compress_chunk(c, true) from show_chunks('${table}_rows') as c`)
      }
      await expectTheSame()
      await store({
        ...lately(300, 40),
        prices: made.prices.slice(0, 300).map((one) => ({ ...one, time: one.time + HOUR, receivedAt: end + 10_000 })),
        bars: Array.from({ length: 500 }, (_, i) => bar(random, end - 20 * DAY + i * 60_000_000)),
      })
      await expectTheSame()
      await rollUp()
      await expectTheSame()
    })

    it('of the statistics', async () => {
      const [plain, timescale] = await both(storeStatistics)
      const rows = (found: typeof plain) => found?.tables.filter(({ table }) => table !== 'rollups').map((t) => [t.table, t.rows])
      expect(rows(timescale)).toEqual(rows(plain))
      const days = new Set(
        (await stores[1]!.pool.query('select distinct floor(extract(epoch from time) / 86400) as day from trades')).rows.map(
          ({ day }) => day,
        ),
      )
      const trades = timescale?.tables.find(({ table }) => table === 'trades')
      expect(trades).toMatchObject({ chunks: days.size, compressAfterDays: 7, estimated: false })
      expect(trades?.compression?.compressedChunks).toBeGreaterThan(20)
      expect(plain?.tables.find(({ table }) => table === 'trades')).not.toHaveProperty('chunks')
    })

    it('of the bars, once retention has dropped the old records', async () => {
      const before = await both((one) => candles(one, end, end - 100 * DAY))
      await both(({ timescale }) => timescale.policies.setRetention('trades', 15))
      const dropped = await both(({ timescale }) => timescale.policies.applyRetention())
      expect(dropped).toMatchObject([[{ unit: 'rows' }], [{ unit: 'chunks' }]])
      for (const [result] of dropped) expect(result?.dropped).toBeGreaterThan(10)
      const after = await both((one) => candles(one, end, end - 100 * DAY))
      expect(after[1]).toEqual(after[0])
      expect(after).toEqual(before)
      // Late records of that time change no bar.
      await store({ trades: Array.from({ length: 50 }, (_, i) => aTrade(random, end - 30 * DAY + i * HOUR)) })
      await store(lately(100, 10))
      await rollUp()
      const [plain, timescale] = await both((one) => candles(one, end, end - 100 * DAY))
      expect(timescale).toEqual(plain)
      expect(timescale).not.toEqual(before[1])
    })
  }),
)
