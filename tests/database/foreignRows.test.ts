import { beforeAll, describe, expect, it } from 'vitest'
import { UnreadableRows } from '../../lib/src/base/database/reading/UnreadableRows.ts'
import { decimal, nowMicros, QiError, type Trade } from '../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

// Rows that another program writes by SQL, without the checks of record types.

const INSERT = 'insert into crypto_prices (coin_id, source, currency, time, received_at, origin, price) values'
const aTrade = (change: Partial<Trade>): Trade => ({
  ...aPrice(),
  tradeId: '1',
  side: 'buy',
  price: decimal('1'),
  amount: decimal('1'),
  ...change,
})

describe('the tables refuse what readers cannot read', async () => {
  const store = await testStore()

  it.each([
    ['NaN', "now(), now(), 'live', 'NaN'"],
    ['infinity', "now(), now(), 'live', '-infinity'"],
    ['an infinite time', "'infinity', now(), 'live', 1"],
    ['an infinite time of arrival', "now(), '-infinity', 'live', 1"],
    ['a time that no number holds', "'2300-01-01', now(), 'live', 1"],
  ])('%s', async (_what, values) => {
    await expect(store.pool.query(`${INSERT} ('bad', 'other', 'usd', ${values})`)).rejects.toMatchObject({
      code: '23514',
      constraint: 'crypto_prices_readable',
    })
  })

  it('every table of records has such a constraint, also a table with older bad rows', async () => {
    const { rows } = await store.pool.query(
      "select conrelid::regclass::text as table, convalidated from pg_constraint where conname like '%_readable' and conrelid::regclass::text not like '%chunk' order by 1",
    )
    expect(rows.map((row) => row.table)).toEqual([
      'alerts_rows',
      'books_rows',
      'corporate_actions_rows',
      'crypto_prices_rows',
      'currencies',
      'exchanges',
      'indicators_rows',
      'market_analytics_rows',
      'observations_rows',
      'ohlcv_data_rows',
      'quotes_rows',
      'securities',
      'trades_rows',
      'trading_pairs',
      'trending_rows',
    ])
  })

  it('a record that a check refuses is reported with the reason, and its neighbours are stored', async () => {
    await store.pool.query('alter table trades_rows add constraint no_zero check (price <> 0) not valid')
    const trades = ['1', '0', '2'].map((figure) => aTrade({ coinId: 'checked', tradeId: figure, price: decimal(figure) }))
    for (const round of [1, 2]) {
      const { written, failed } = await store.dsl.storeTrades(trades)
      expect([round, written, failed.map(({ index, error }) => [index, error.code])]).toEqual([
        round,
        expect.any(Number),
        [[1, 'BAD_DATA']],
      ])
      expect(failed[0]?.error.message).toContain('no_zero')
    }
  })
})

describe('one bad row affects no other', async () => {
  const store = await testStore()
  const { dsl } = store

  beforeAll(async () => {
    // Rows from before the constraints.
    const { rows: constraints } = await store.pool.query<{ table: string; name: string; text: string }>(
      "select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as text from pg_constraint where conname = any ('{crypto_prices_readable,ohlcv_data_readable,trades_readable}')",
    )
    for (const { table, name } of constraints) await store.pool.query(`alter table ${table} drop constraint ${name}`)
    await store.pool.query(`${INSERT} ('good', 'other', 'usd', now(), now(), 'live', 2), ('bad', 'other', 'usd', now(), now(), 'live', 'NaN'),
      ('endless', 'other', 'usd', now(), now(), 'live', 4), ('ancient', 'other', 'usd', now(), now(), 'live', 5)`)
    // A hypertable has no chunk for such times.
    if (store.layout.layout === 'plain')
      await store.pool.query(
        `${INSERT} ('endless', 'other', 'usd', 'infinity', now(), 'live', 3), ('ancient', 'other', 'usd', '-infinity', now(), 'live', 3)`,
      )
    await store.pool.query('update crypto_prices set change_24h_pct = price')
    await dsl.storeOHLCV([0, 1, 2].map((i) => aBar({ coinId: 'barred', time: MONDAY + i * MINUTE, volume: decimal('1') })))
    await store.pool.query("update ohlcv_data set high = 'NaN' where coin_id = 'barred' and time = $1", ['2026-01-05T00:01:00Z'])
    await dsl.storeTrades([0, 1, 2].map((i) => aTrade({ coinId: 'traded', time: MONDAY + i * MINUTE, tradeId: `${i}` })))
    await store.pool.query("update trades set price = 'NaN' where coin_id = 'traded' and trade_id = '1'")
    for (const { table, name, text } of constraints) await store.pool.query(`alter table ${table} add constraint ${name} ${text}`)
  })

  it('among latest prices, and of the coins themselves', async () => {
    const { items } = await dsl.getLatestPrices()
    const prices = Object.fromEntries(items.map((item) => [item.coinId, item.price]))
    expect(prices).toMatchObject({ good: '2', endless: '4', ancient: '5' })
    expect(prices).not.toHaveProperty('bad')
    expect((await dsl.getCurrentPrice({ coin: 'good' })).price.price).toBe('2')
    await expect(dsl.getCurrentPrice({ coin: 'bad' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const range = { from: nowMicros() - 60 * MINUTE, to: nowMicros() + MINUTE }
    for (const coinId of ['good', 'bad'])
      expect(await store.drizzle.prices({ coinId, source: 'other', currency: 'usd' }, range)).toHaveLength(
        coinId === 'good' ? 1 : 0,
      )
  })

  it('on pages: a page without its bad row continues where it ended', async () => {
    const seen: string[] = []
    let after: string | undefined
    do {
      const { items, next } = await dsl.getLatestPrices({ limit: 1, ...(after !== undefined && { after }) })
      seen.push(...items.map((item) => item.coinId))
      after = next
    } while (after !== undefined)
    expect(seen).toEqual(expect.arrayContaining(['ancient', 'endless', 'good']))
  })

  it('in the summary of the market', async () => {
    const { gainers, breadth } = await dsl.getMarketSummary()
    expect(gainers.map(({ coinId }) => coinId)).toEqual(['ancient', 'endless', 'good'])
    expect(breadth).toContainEqual(expect.objectContaining({ source: 'other', coins: 3, advancers: 3 }))
  })

  it('among candles, as records and as JSON, stored and built', async () => {
    const query = { timeframe: '1m', from: MONDAY, to: MONDAY + 5 * MINUTE } as const
    const opens = [MONDAY, MONDAY + 2 * MINUTE]
    expect((await dsl.getOHLCV({ coin: 'barred', ...query })).candles.map(({ time }) => time)).toEqual(opens)
    expect(JSON.parse((await dsl.getOHLCVJson({ coin: 'barred', ...query })).candles)).toHaveLength(2)
    expect((await dsl.getOHLCV({ coin: 'traded', ...query })).candles.map(({ time }) => time)).toEqual(opens)
    for (const coin of ['good', 'endless', 'ancient']) await dsl.getOHLCV({ coin, timeframe: '1m' })
  })

  it('and the store names the row until it is gone', async () => {
    await dsl.getLatestPrices()
    const check = await store.check()
    expect(check).toMatchObject({ ok: false, degraded: true, remedy: expect.stringContaining('delete or correct') })
    expect(check.summary).toMatch(
      /crypto_prices \(coin_id bad, source other, currency usd, time .*\): "NaN" is not a decimal number/,
    )
  })
})

it('skipped rows are remembered for a while, a hundred at most; other failures do not count as bad rows', () => {
  let now = 0
  const rows = new UnreadableRows(() => now)
  const bad = () => {
    throw new QiError('BAD_DATA', 'no number')
  }
  for (let i = 0; i < 150; i++) expect(rows.attempt(() => ({ table: 't', key: { i: String(i) } }), bad)).toBeUndefined()
  expect(rows.list().map(({ key }) => key.i)).toEqual(Array.from({ length: 100 }, (_, i) => String(i + 50)))
  now = 300_001
  expect(rows.attempt(() => ({ table: 't', key: { i: 'new' } }), bad)).toBeUndefined()
  expect(rows.list()).toEqual([{ table: 't', key: { i: 'new' }, reason: 'no number', metAt: now }])
  const lost = () => {
    throw new QiError('UNAVAILABLE', 'gone')
  }
  expect(() => rows.attempt(() => ({ table: 't', key: {} }), lost)).toThrow('gone')
})

describe('rows from the future', async () => {
  const store = await testStore()
  const { dsl } = store
  const ahead = (interval: string) => `now() + interval '${interval}', now(), 'live'`

  beforeAll(async () => {
    await store.pool.query(`${INSERT} ('f', 'other', 'usd', now() - interval '3 seconds', now(), 'live', 1), ('f', 'other', 'usd', ${ahead('10 years')}, 666),
      ('near', 'other', 'usd', ${ahead('4 minutes')}, 7), ('only', 'other', 'usd', ${ahead('6 minutes')}, 666)`)
    await store.pool.query(`insert into market_analytics (source, currency, time, received_at, origin, total_market_cap, total_volume_24h, btc_dominance, eth_dominance, active_coins, markets)
      values ('other', 'usd', now(), now(), 'live', 1, 1, 1, 1, 1, 1), ('other', 'usd', ${ahead('1 year')}, 666, 1, 1, 1, 1, 1)`)
  })

  it('are never the latest, in any query', async () => {
    const { items } = await dsl.getLatestPrices()
    expect(items.map(({ coinId, price }) => [coinId, price])).toEqual([
      ['f', '1'],
      ['near', '7'],
    ])
    expect((await dsl.getCurrentPrice({ coin: 'f' })).price.price).toBe('1')
    expect((await store.drizzle.latestPrice({ coinId: 'f', source: 'other', currency: 'usd' }))?.price).toBe('1')
    expect((await dsl.getOHLCV({ coin: 'f', timeframe: '1m' })).series.latest).toBeLessThanOrEqual(nowMicros())
    const { analytics } = await dsl.getMarketSummary()
    expect(analytics.map(({ totalMarketCap }) => totalMarketCap)).toEqual(['1'])
  })

  it('are reported by data health', async () => {
    const { items } = await dsl.getDataHealth({ coin: 'f' })
    expect(items).toMatchObject([{ status: 'future', future: 1 }])
    expect(items[0]?.ageSeconds).toBeGreaterThan(0)
    const near = await dsl.getDataHealth({ coin: 'near' })
    expect(near.items[0]).toMatchObject({ status: 'ok', future: 0 })
    const only = await dsl.getDataHealth({ coin: 'only' })
    expect(only.items[0]).toMatchObject({ status: 'future', future: 1 })
  })
})
