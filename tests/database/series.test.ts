import { describe, expect, it, onTestFinished } from 'vitest'
import { migrate } from '../../lib/src/base/database/bookkeeping/migrate.ts'
import { createPool, migrateStore, openStore } from '../../lib/src/base/database/index.ts'
import { storeMigrations } from '../../lib/src/base/database/migrations/index.ts'
import { rollupMigrations } from '../../lib/src/base/database/rollups/migrations.ts'
import { seriesNumberSql } from '../../lib/src/base/database/tables/seriesLookup.ts'
import { price, trade } from '../../lib/src/base/types/index.ts'
import { createDatabase, onTimescale } from '../support/database.ts'
import { aPrice, MINUTE, MONDAY } from './records.ts'
import { count, testStore } from './testStore.ts'

const store = await testStore()
const { pool } = store

const COLUMNS = 'coin_id, source, currency, time, received_at, origin, price'
const row = (coin: string, time: string, figure = '1') => `('${coin}', 'sql', 'usd', '${time}', now(), 'live', ${figure})`
const latest = async (coin: string) => (await store.dsl.getLatestPrices({ coins: [coin] })).items

describe('SQL by the names of a series', () => {
  it('inserts, updates and deletes rows, and the registry follows', async () => {
    await pool.query(
      `insert into crypto_prices (${COLUMNS}) values ${row('byname', '2026-01-01')}, ${row('byname', '2026-01-02', '2')}`,
    )
    expect(await latest('byname')).toMatchObject([{ price: '2' }])
    const { rows } = await pool.query(
      "update crypto_prices set price = 3 where coin_id = 'byname' and time = '2026-01-02' returning price::text",
    )
    expect(rows).toEqual([{ price: '3' }])
    expect(await latest('byname')).toMatchObject([{ price: '3' }])
    await pool.query("update crypto_prices set time = '2025-12-31' where coin_id = 'byname' and time = '2026-01-02'")
    expect(await latest('byname')).toMatchObject([{ price: '1' }])
    await pool.query("update crypto_prices set coin_id = 'renamed' where coin_id = 'byname'")
    expect(await latest('byname')).toEqual([])
    expect(await latest('renamed')).toMatchObject([{ price: '1' }])
    expect((await pool.query("delete from crypto_prices where coin_id = 'renamed'")).rowCount).toBe(2)
    expect(await latest('renamed')).toEqual([])
  })

  it.skipIf(onTimescale)('deletes many rows with one write to the registry', async () => {
    const times = Array.from({ length: 50 }, (_, i) => row('many', new Date((MONDAY + i * MINUTE) / 1000).toISOString()))
    await pool.query(`insert into crypto_prices (${COLUMNS}) values ${times.join()}`)
    const client = await pool.connect()
    try {
      await client.query('begin')
      const updates = async () =>
        (await client.query("select n_tup_upd::int as n from pg_stat_xact_user_tables where relname = 'series'")).rows[0].n
      const before = await updates()
      const { rowCount } = await client.query(
        `delete from crypto_prices where coin_id = 'many' and price = 1
           and time > (select min(time) from crypto_prices where coin_id = 'many')
           and time < (select max(time) from crypto_prices where coin_id = 'many')`,
      )
      expect({ rowCount, updates: (await updates()) - before }).toEqual({ rowCount: 48, updates: 1 })
    } finally {
      await client.query('rollback')
      client.release()
    }
  })

  it('finds duplicate keys as a table does', async () => {
    await pool.query(`insert into crypto_prices (${COLUMNS}) values ${row('twice', '2026-01-01')}`)
    await expect(
      pool.query(`insert into crypto_prices (${COLUMNS}) values ${row('twice', '2026-01-01', '5')}`),
    ).rejects.toMatchObject({
      code: '23505',
    })
    await expect(
      pool.query("insert into crypto_prices (coin_id, source, currency, time) values ('x', 'sql', 'usd', now())"),
    ).rejects.toMatchObject({
      code: '23502',
    })
  })

  it('does not see rolled-back writes', async () => {
    const client = await pool.connect()
    await client.query('begin')
    await client.query(`insert into crypto_prices (${COLUMNS}) values ${row('undone', '2026-01-01')}`)
    await client.query('rollback')
    client.release()
    expect(await latest('undone')).toEqual([])
  })

  it('finds the rows of a coin through the registry, and by series number in time order', async () => {
    await store.timescale.upsert(
      price,
      Array.from({ length: 20_000 }, (_, i) => aPrice({ coinId: `planned-${i % 50}`, time: MONDAY + i * MINUTE })),
    )
    await pool.query('analyze crypto_prices_rows, series')
    const plan = async (text: string) =>
      (await pool.query<{ 'QUERY PLAN': string }>(`explain ${text}`)).rows.map((line) => line['QUERY PLAN']).join('\n')
    const rows = onTimescale ? /Index (Only )?Scan/ : /(Index|Bitmap).*crypto_prices_rows_pkey/
    const found = await plan("select * from crypto_prices where coin_id = 'planned-7' and time > '2026-01-10'")
    expect(found).toMatch(rows)
    expect(found).not.toMatch(/Seq Scan on (crypto_prices|_hyper)/)
    const number = seriesNumberSql('price', { coin_id: "'planned-7'", source: "'coingecko'", currency: "'usd'" })
    const newest = await plan(`select * from crypto_prices where series = ${number} order by time desc limit 5`)
    expect(newest).not.toMatch(/Sort/)
  })
})

describe('numbers of series', () => {
  it('are the same for concurrent writers of new series', async () => {
    const others = [await openOther(), await openOther()]
    const records = Array.from({ length: 400 }, (_, i) => aPrice({ coinId: `met-${i}` }))
    await Promise.all([store, ...others].map((one, i) => one.timescale.upsert(price, i === 1 ? records.toReversed() : records)))
    expect(await count(store, "series where coin_id like 'met-%'")).toBe(400)
    expect(await count(store, "crypto_prices where coin_id like 'met-%'")).toBe(400)
  })

  it('are never deleted', async () => {
    await store.timescale.upsert(price, [aPrice({ coinId: 'stays' })])
    await expect(pool.query("delete from series where coin_id = 'stays'")).rejects.toMatchObject({ code: '23503' })
    await expect(pool.query('truncate series cascade')).rejects.toMatchObject({ code: '23503' })
  })

  it('refused by the database cost only their own records', async () => {
    // Random text, since an index key has a size limit after compression, which a repeated letter would not reach.
    const long = Array.from({ length: 9000 }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 20_000))).join('')
    const given = [aPrice({ coinId: 'fits-1' }), aPrice({ coinId: long }), aPrice({ coinId: 'fits-2' })]
    const { failed, written } = await store.timescale.upsert(price, given)
    expect([written, failed.map(({ index }) => index)]).toEqual([2, [1]])
    expect(failed[0]?.error.message).toMatch(/index row/)
  })

  async function openOther() {
    const other = await openStore({ databaseUrl: store.url, home: '/nowhere' })
    onTestFinished(() => other.close())
    return other
  }
})

it('the next start recreates missing triggers and views, and recounts the series; grants on the views stay', async () => {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const first = await openStore({ databaseUrl: database.url, home: '/nowhere' })
  await first.timescale.upsert(price, [aPrice({ time: MONDAY })])
  await first.pool.query(`alter table crypto_prices_rows disable trigger series_insert; drop view trades;
    create role series_reader_${process.pid}; grant select on crypto_prices to series_reader_${process.pid}`)
  onTestFinished(() => pool.query(`drop role series_reader_${process.pid}`).then(() => {}))
  onTestFinished(database.drop)
  await first.timescale.upsert(price, [aPrice({ time: MONDAY + MINUTE, price: '7' })])
  expect((await first.dsl.getLatestPrices()).items).not.toMatchObject([{ price: '7' }])
  await first.close()
  const second = await openStore({ databaseUrl: database.url, home: '/nowhere' })
  onTestFinished(() => second.close())
  expect((await second.dsl.getLatestPrices()).items).toMatchObject([{ price: '7' }])
  await second.timescale.upsert(price, [aPrice({ time: MONDAY + 2 * MINUTE, price: '8' })])
  expect((await second.dsl.getLatestPrices()).items).toMatchObject([{ price: '8' }])
  expect((await second.pool.query('select from trades')).rowCount).toBe(0)
  const may = await second.pool.query("select has_table_privilege($1, 'crypto_prices', 'select') as may", [
    `series_reader_${process.pid}`,
  ])
  expect(may.rows).toEqual([{ may: true }])
})

it('an older store keeps its records, and the latest row of each series', async () => {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const old = createPool(database.url, { max: 1 })
  await migrate(old, { component: 'store', files: storeMigrations })
  await old.query("insert into qicore_settings (name, value) values ('layout', 'plain')")
  await migrate(old, { component: 'rollups', files: rollupMigrations })
  await old.query(`insert into crypto_prices (${COLUMNS}) values ${row('kept', '2026-01-01')}, ${row('kept', '2026-01-02', '2.50')};
    insert into trades (coin_id, source, currency, time, received_at, origin, trade_id, side, price, amount, sequence)
      select 'BTC/USDT', 'venue', 'usdt', '2026-01-01', now(), 'live', n::text, 'buy', n, 1, n from generate_series(8, 11) as n;
    insert into ohlcv_data (coin_id, source, currency, timeframe, time, received_at, origin, open, high, low, close, is_final, built_from)
      values ('kept', 'sql', 'usd', '1h', '2026-01-01', now(), 'live', 1, 1, 2, 1, true, 'provider');
    insert into indicators (coin_id, source, currency, timeframe, name, params, time, received_at, origin, value)
      values ('kept', 'sql', 'usd', '1h', 'rsi', 'period=14', '2026-01-01', now(), 'live', 51.5);
    insert into qicore_settings (name, value) values ('rollups', 'tables')`)
  await migrateStore(old, { layout: 'plain', reason: 'a test says so' })
  const text = async (sql: string) => (await old.query<{ text: string }>(`select (${sql})::text as text`)).rows[0]?.text
  expect(await text("select string_agg(price::text, ' ' order by time) from crypto_prices where coin_id = 'kept'")).toBe('1 2.50')
  expect(await text("select array_agg((first, last, price, sequence)) from series where type = 'trade'")).toContain(',11,11)')
  expect(await text("select flaw from ohlcv_data where coin_id = 'kept'")).toBe('high below low')
  expect(await text("select value from indicators where name = 'rsi' and params = 'period=14'")).toBe('51.5')
  await old.end()

  const opened = await openStore({ databaseUrl: database.url, home: '/nowhere' })
  onTestFinished(() => opened.close())
  expect((await opened.dsl.getLatestPrices({ coins: ['kept', 'BTC/USDT'] })).items).toMatchObject([
    { coinId: 'BTC/USDT', price: '11', builtFrom: 'trades' },
    { coinId: 'kept', price: '2.5' },
  ])
  const [one] = (await opened.dsl.getLatestPrices({ coins: ['BTC/USDT'] })).items
  expect(one?.time).toBe(Date.UTC(2026, 0, 1) * 1000)
  // New writes are still rolled up.
  await opened.timescale.upsert(trade, [])
  await opened.timescale.upsert(price, [aPrice({ coinId: 'kept', source: 'sql', time: MONDAY })])
  expect((await opened.rollups.status()).pending).toBeGreaterThan(0)
})
