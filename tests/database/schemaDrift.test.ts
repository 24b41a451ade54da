import { describe, expect, it, onTestFinished } from 'vitest'
import { Coverage, openStore, RateLimitLedger, type Store } from '../../lib/src/base/database/index.ts'
import { schemaDrift } from '../../lib/src/base/database/trouble/drift.ts'
import { decimal, price, type QiError, type Trade, trade } from '../../lib/src/base/types/index.ts'
import { createDatabase, testDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { aPrice, MONDAY } from './records.ts'

const shared = await testDatabase()

const aTrade = (tradeId = '1'): Trade => ({
  coinId: 'BTC/USDT',
  source: 'okx',
  time: MONDAY,
  receivedAt: MONDAY,
  origin: 'live',
  currency: 'USDT',
  tradeId,
  side: 'buy',
  price: decimal('1.5'),
  amount: decimal('2'),
})

async function open(url: string): Promise<Store> {
  const store = await openStore({ databaseUrl: url, home: '/nowhere', readers: 2, writers: 2 })
  onTestFinished(() => store.close())
  return store
}

/** A store with every component in use. */
async function openAll(url: string): Promise<Store> {
  const store = await open(url)
  await store.rollups.turnOn()
  await Coverage.open(store.pool)
  await new RateLimitLedger(store.pool).list()
  return store
}

describe('tables that were changed', () => {
  it('match the record types after the migrations', async () => {
    const { url, drop } = await createDatabase()
    onTestFinished(drop)
    const fresh = await open(url)
    expect(await schemaDrift(fresh.pool as never)).toEqual([])
    const store = await openAll(shared.url)
    expect(await schemaDrift(store.pool as never)).toEqual([])
    expect(await store.check()).toMatchObject({ ok: true })
  })

  it.each([
    [
      'alter table crypto_prices_rows rename column market_cap to cap',
      'crypto_prices_rows lacks the column market_cap',
      'alter table crypto_prices_rows add column market_cap numeric',
      true,
    ],
    [
      'drop view trades, trades_text, trades_float; alter table trades_rows alter column trade_id type varchar(40)',
      'the column trades_rows.trade_id is character varying(40) instead of text',
      'alter table trades_rows alter column trade_id type text using trade_id::text',
      true,
    ],
    [
      'drop view trades, trades_text, trades_float; alter table trades_rows alter column amount type numeric(20,8)',
      'the column trades_rows.amount is numeric(20,8) instead of numeric',
      'alter table trades_rows alter column amount type numeric using amount::numeric',
      true,
    ],
    ['drop table indicators_rows cascade', 'the table indicators_rows is missing', 'create table indicators_rows (', true],
    [
      'alter table quotes_rows drop constraint quotes_rows_pkey',
      'quotes_rows has no primary key',
      'alter table quotes_rows add primary key (series, time, sequence)',
      true,
    ],
    [
      'alter table currencies drop constraint currencies_pkey, add primary key (coin_id)',
      'the primary key of currencies is (coin_id) instead of (source, coin_id)',
      'drop constraint currencies_pkey, add primary key (source, coin_id)',
      true,
    ],
    [
      'alter table trending_rows add column extra int not null',
      'the column trending_rows.extra must have a value, but QiCore does not write it',
      'alter table trending_rows alter column extra drop not null',
      true,
    ],
    [
      'alter table ohlcv_data_rows alter column volume set not null',
      'the column ohlcv_data_rows.volume must have a value, but a record may lack it',
      'alter table ohlcv_data_rows alter column volume drop not null',
      true,
    ],
    [
      'alter table rollups drop constraint rollups_pkey',
      'rollups has no primary key',
      'alter table rollups add primary key (series, timeframe, time)',
      true,
    ],
    [
      'alter table qicore_settings drop constraint qicore_settings_pkey',
      'qicore_settings has no primary key',
      'alter table qicore_settings add primary key (name)',
      true,
    ],
    [
      'alter table series drop constraint series_names',
      'series lacks the unique constraint on (coin_id, source, currency, type, timeframe, name, params)',
      'alter table series add unique (coin_id, source, currency, type, timeframe, name, params)',
      true,
    ],
    [
      'alter table coverage_spans drop constraint coverage_spans_state_check',
      'coverage_spans lacks the constraint coverage_spans_state_check',
      "alter table coverage_spans add constraint coverage_spans_state_check check (state in ('held', 'empty', 'requested'))",
      false,
    ],
    ['drop view trades', 'the view trades is missing', 'restart QiCore', true],
    ['drop view trades_text', 'the view trades_text is missing', 'restart QiCore', false],
    ['drop trigger series_delete on trades_rows', 'trades_rows lacks the trigger series_delete', 'restart QiCore', false],
    ['drop view rollup_4h', 'the view rollup_4h is missing', 'create or replace view rollup_4h as', true],
    [
      'drop trigger rollup_update on crypto_prices_rows',
      'crypto_prices_rows lacks the trigger rollup_update',
      'create trigger rollup_update after update on crypto_prices',
      false,
    ],
    [
      'drop index trades_rows_series_time',
      'trades_rows lacks the index trades_rows_series_time',
      'create index trades_rows_series_time on trades_rows (',
      false,
    ],
    [
      'drop index currencies_symbol',
      'currencies lacks the index currencies_symbol',
      'create index currencies_symbol on currencies (lower(symbol))',
      false,
    ],
    [
      'alter table crypto_prices_rows drop constraint crypto_prices_readable',
      'crypto_prices_rows lacks the constraint crypto_prices_readable',
      'alter table crypto_prices_rows add constraint crypto_prices_readable check (',
      false,
    ],
    [
      'alter table trades_rows alter column side drop not null',
      'the column trades_rows.side may be empty, but readers expect a value',
      'alter table trades_rows alter column side set not null',
      false,
    ],
  ])('%s: named with table, column and remedy', async (change, what, remedy, stopsWriting) => {
    const store = await openAll(shared.url)
    const client = await store.pool.connect()
    onTestFinished(async () => {
      await client.query('rollback')
      client.release()
    })
    await client.query(`begin; ${change}`)
    const found = await schemaDrift(client)
    const wanted = { table: expect.any(String), what, remedy: expect.stringContaining(remedy), stopsWriting }
    expect(found).toContainEqual(expect.objectContaining(wanted))
    // A column cannot change while a view shows it.
    expect(found).toHaveLength(change.includes('drop view trades, ') ? 4 : change.includes('cascade') ? 2 : 1)
  })

  it('additional columns and indexes are no drift', async () => {
    const store = await open(shared.url)
    const client = await store.pool.connect()
    onTestFinished(async () => {
      await client.query('rollback')
      client.release()
    })
    await client.query(`begin; alter table trades_rows add column note text; alter table trades_rows add column kept_at timestamptz not null default now();
      create index mine on trades_rows (note)`)
    expect(await schemaDrift(client)).toEqual([])
  })
})

describe('while keys are missing', () => {
  it('nothing is stored twice, and the error names the table and the remedy', async () => {
    const { url, drop } = await createDatabase()
    onTestFinished(drop)
    const before = await open(url)
    await before.rollups.turnOn()
    await before.timescale.upsert(price, [aPrice()])
    await before.pool.query(
      'alter table crypto_prices_rows drop constraint crypto_prices_rows_pkey; alter table rollups drop constraint rollups_pkey',
    )
    const store = await open(url)
    const lost = 'crypto_prices_rows has no primary key: alter table crypto_prices_rows add primary key (series, time)'
    await expect(store.timescale.upsert(price, [aPrice()])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(lost),
    })
    await expect(store.rollups.catchUp()).rejects.toMatchObject({
      message: expect.stringContaining('rollups has no primary key: alter table rollups add primary key ('),
    })
    const { rows } = await store.pool.query('select from crypto_prices')
    expect(rows).toHaveLength(1)
    expect(await store.check()).toMatchObject({
      ok: false,
      degraded: true,
      summary: 'crypto_prices_rows has no primary key; rollups has no primary key',
    })
    expect((await store.troubles()).map(({ what }) => what)).toEqual([
      'crypto_prices_rows has no primary key',
      'rollups has no primary key',
    ])
  })
})

describe('while a column is missing', () => {
  it('writers, readers and the check give the same error, other tables work, and no record counts as bad', async () => {
    const { url, drop } = await createDatabase()
    onTestFinished(drop)
    const store = await open(url)
    await store.timescale.upsert(price, [aPrice()])
    expect((await store.dsl.getLatestPrices()).items).toHaveLength(1)
    await store.pool.query('alter table crypto_prices_rows rename column market_cap to cap')
    const sentence =
      'crypto_prices_rows lacks the column market_cap: alter table crypto_prices_rows add column market_cap numeric'
    const unavailable = { code: 'UNAVAILABLE', retryable: true, message: sentence }
    await expect(store.timescale.upsert(price, [aPrice()])).rejects.toMatchObject(unavailable)
    expect((await store.dsl.getLatestPrices()).items).toHaveLength(1)
    expect(await store.timescale.upsert(trade, [aTrade()])).toMatchObject({ written: 1, failed: [] })
    expect(await store.check()).toMatchObject({
      ok: false,
      degraded: true,
      summary: 'crypto_prices_rows lacks the column market_cap',
      remedy: 'alter table crypto_prices_rows add column market_cap numeric',
    })
    await store.pool.query('alter table crypto_prices_rows rename column cap to market_cap')
    await store.pool.query('alter table crypto_prices_rows rename to gone')
    const missing = {
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^the table crypto_prices_rows is missing: restore it/),
    }
    await until(
      () =>
        store.dsl.getOHLCV({ coin: 'bitcoin', timeframe: '1h' }).then(
          () => false,
          (error: QiError) => error.message.startsWith('the table'),
        ),
      'a look',
    )
    await expect(store.dsl.getOHLCV({ coin: 'bitcoin', timeframe: '1h' })).rejects.toMatchObject(missing)
    // The latest prices come from the registry.
    expect((await store.dsl.getLatestPrices({ coins: ['bitcoin'] })).items).toHaveLength(1)
    await expect(store.timescale.upsert(price, [aPrice()])).rejects.toMatchObject(missing)
    await store.pool.query('alter table gone rename to crypto_prices_rows')
    expect(await store.timescale.upsert(price, [aPrice()])).toMatchObject({ failed: [] })
    expect((await store.dsl.getOHLCV({ coin: 'bitcoin', timeframe: '1h' })).candles).toHaveLength(1)
  })

  it.each([
    'drop view trades, trades_text, trades_float; alter table trades_rows alter column price type text using price::text',
    'alter table trades_rows add column extra int not null default 1; alter table trades_rows alter column extra drop default',
  ])('%s: rows are kept for later, not refused one by one', async (change) => {
    const { url, drop } = await createDatabase()
    onTestFinished(drop)
    const store = await open(url)
    await store.timescale.upsert(trade, [aTrade()])
    await store.pool.query(`alter table trades_rows drop constraint trades_readable; ${change}`)
    await expect(store.timescale.upsert(trade, [aTrade('2'), aTrade('3')])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      partial: true,
      message: expect.stringContaining('trades'),
    })
  })

  it('is down when no table can be written', async () => {
    const { url, drop } = await createDatabase()
    onTestFinished(drop)
    const store = await open(url)
    const { rows } = await store.pool.query<{
      name: string
    }>(`select table_name as name from information_schema.columns where column_name = 'origin' and table_schema = 'public' and table_name in
      (select tablename from pg_tables where tablename not like 'rollup%')`)
    for (const { name } of rows) await store.pool.query(`alter table ${name} drop column origin cascade`)
    const found = await store.check()
    expect(found).toMatchObject({ ok: false, summary: expect.stringMatching(/lacks the column origin; .* and \d+ more$/) })
    expect(found.degraded).toBeUndefined()
  })
})

it('still answers after a column was added: stale plans are prepared again', async () => {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  const store = await open(url)
  await store.timescale.upsert(price, [aPrice()])
  for (let i = 0; i < 6; i++) await store.dsl.getLatestPrices({ coins: ['bitcoin'] })
  await store.pool.query(
    'drop view crypto_prices, crypto_prices_text, crypto_prices_float; alter table crypto_prices_rows alter column price type numeric(60,20)',
  )
  for (let i = 0; i < 4; i++) expect((await store.dsl.getLatestPrices({ coins: ['bitcoin'] })).items).toHaveLength(1)
  await store.pool.query('alter table crypto_prices_rows alter column price type numeric')
  expect((await store.dsl.getLatestPrices({ coins: ['bitcoin'] })).items).toHaveLength(1)
})
