import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPool, migrateStore, openStore, type Store } from '../../lib/src/base/database/index.ts'
import { decimal, indicator, nowMicros, quote, trending } from '../../lib/src/base/types/index.ts'
import { Random } from '../chaos/random.ts'
import { aPrice } from '../database/records.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'
import { answers, candles, write } from './answers.ts'
import { ageStoreOfBefore, RECORDS, storeOfBefore } from './before/store.ts'
import { DAY, HOUR, market } from './market.ts'

const SEED = 20260730
const end = nowMicros() - (nowMicros() % DAY)

type Pool = ReturnType<typeof createPool>

/** Records of the types that the market lacks, over several chunks each. */
async function writeOthers({ timescale }: Store, random: Random): Promise<void> {
  const of = { coinId: 'traded', source: 'venue', currency: 'usd', origin: 'live' as const }
  const many = <T>(count: number, make: (time: number, i: number) => T): T[] =>
    Array.from({ length: count }, (_, i) => make(end - i * 7 * HOUR - random.integer(0, 1e9), i))
  const figures = { bid: decimal('1'), bidSize: decimal('2.50'), ask: decimal('3'), askSize: decimal('4') }
  await timescale.upsert(
    quote,
    many(60, (time, i) => ({ ...of, ...figures, time, receivedAt: time, sequence: i })),
  )
  const rsi = { ...of, timeframe: '1h' as const, name: 'rsi', params: 'period=14' }
  await timescale.upsert(
    indicator,
    many(200, (time, i) => ({ ...rsi, time, receivedAt: time, value: i + 0.5 })),
  )
  await timescale.upsert(
    trending,
    many(400, (time, i) => ({
      coinId: `coin-${i % 9}`,
      source: 'coingecko',
      origin: 'live' as const,
      time,
      receivedAt: time,
      rank: 1,
    })),
  )
}

/** Every record, by the names of its series. */
async function contents(pool: Pool): Promise<Record<string, readonly string[]>> {
  const all: Record<string, readonly string[]> = {}
  for (const table of RECORDS) {
    const { rows } = await pool.query<{ row: string }>(
      `select (to_jsonb(r) - 'series')::text as row from ${table} as r order by 1`,
    )
    all[table] = rows.map(({ row }) => row)
  }
  return all
}

interface Job {
  readonly table: string
  readonly proc_name: string
}

/** Hypertables with settings and jobs, and aggregates with their bars; under today's names. */
async function arrangement(pool: Pool): Promise<Record<string, unknown>> {
  const asked = async (text: string) => (await pool.query(text)).rows
  const table = "regexp_replace(hypertable_name, '_rows$', '') as table"
  const jobs = await asked(`select ${table}, proc_name, schedule_interval::text, config - 'hypertable_id' as config
    from timescaledb_information.jobs where hypertable_schema = 'public' order by 1, 2`)
  return {
    hypertables:
      await asked(`select ${table}, h.compression_enabled, d.time_interval::text from timescaledb_information.hypertables as h
      join timescaledb_information.dimensions as d using (hypertable_schema, hypertable_name) where hypertable_schema = 'public' order by 1`),
    jobs: jobs as Job[],
    aggregates: await asked('select view_name from timescaledb_information.continuous_aggregates order by 1'),
    settings: await asked(
      "select name, value from qicore_settings where name ~ '^(kept_since|retention|rollups$|layout)' order by name",
    ),
  }
}

const bars = async (pool: Pool) =>
  (
    await pool.query(`select coin_id, source, currency, built_from, time, open, close, pieces, first_at from rollup_1h
    union all select coin_id, source, currency, built_from, time, open, close, pieces, first_at from rollup_1d order by 1, 2, 3, 4, 5, 8`)
  ).rows

describeWith('timescaledb', 'a store of hypertables from before series had numbers', () =>
  describe('step by step', { shuffle: false }, () => {
    let databases: readonly TestDatabase[] = []
    let today: Store
    let old: Pool
    let expected: readonly unknown[]
    let before: readonly unknown[]
    const seen = async () => [await contents(old), await arrangement(old), await bars(old)]

    beforeAll(async () => {
      databases = await Promise.all([createDatabase('timescaledb'), createDatabase('timescaledb')])
      today = await openStore({ databaseUrl: databases[0]?.url as string, home: '/nowhere', layout: 'hypertables' })
      old = createPool(databases[1]?.url as string, { max: 2 })
      const random = new Random(SEED)
      const { bars: all, ...others } = market(random, end)
      await write(today, { ...others, bars: all.filter(({ time }) => time > end - 120 * DAY) })
      await writeOthers(today, random)
      await today.rollups.turnOn()
      await today.rollups.catchUp()
      await storeOfBefore(old, today.pool)
      const { policies } = today.timescale
      await policies.setRetention('ohlcv_data', 60)
      await policies.setRetention('crypto_prices', 15)
      await policies.setRetention('trades', 10)
      await policies.applyRetention()
      await ageStoreOfBefore(old, today.pool)
      // Marked for the rollups, not rolled up yet.
      const late = aPrice({ coinId: 'priced', time: end - 2 * DAY, price: '123.456789' })
      await write(today, { prices: [late] })
      await old.query(
        `insert into crypto_prices (coin_id, source, currency, time, received_at, origin, price)
        select coin_id, source, currency, time, received_at, origin, price from json_populate_record(null::crypto_prices, $1)`,
        [(await today.pool.query('select to_json(p) as row from crypto_prices as p where price = 123.456789')).rows[0].row],
      )
      await today.rollups.catchUp()
      expected = [await candles(today, end), await answers(today, end)]
      before = await seen()
    })
    afterAll(async () => {
      await today?.close()
      await old?.end()
      for (const { drop } of databases) await drop()
    })

    it('holds bars without records, and compressed chunks', async () => {
      const { rows } = await old.query(`select
        (select count(*) from candles_1d where time < (select min(time) from ohlcv_data))::int as candles,
        (select count(*) from built_1d where time < (select min(time) from trades))::int as built,
        (select count(*) from timescaledb_information.chunks where is_compressed)::int as compressed,
        (select count(*) from rollup_marks)::int as marks`)
      expect(Object.values(rows[0]).map((count) => Number(count) > 0)).toEqual([true, true, true, true])
    })

    it('stays unchanged if the migration fails midway', async () => {
      await old.query('create table trending_rows (mine int)')
      await expect(migrateStore(old, { layout: 'hypertables', reason: 'not read' })).rejects.toMatchObject({
        message: expect.stringContaining('relation "trending_rows" already exists'),
      })
      await old.query('drop table trending_rows')
      expect(await seen()).toEqual(before)
    })

    it('keeps every record, answer, policy and bar', async () => {
      await migrateStore(old, { layout: 'hypertables', reason: 'not read' })
      const [records, arranged] = before
      expect(await contents(old)).toEqual(records)
      expect(await arrangement(old)).toEqual(arranged)
      const store = await openStore({ databaseUrl: databases[1]?.url as string, home: '/nowhere' })
      try {
        expect(await store.troubles()).toEqual([])
        await store.rollups.catchUp()
        expect(await store.rollups.status()).toMatchObject({ keeper: 'aggregates', pending: 0 })
        expect(await bars(old)).toEqual(await bars(today.pool))
        expect([await candles(store, end), await answers(store, end)]).toEqual(expected)
        expect(await store.timescale.policies.compression()).toEqual({ crypto_prices: 7, trades: 7 })
      } finally {
        await store.close()
      }
    })
  }),
)
