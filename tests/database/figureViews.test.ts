import { expect, it } from 'vitest'
import { FIGURE_VIEWS } from '../../lib/src/base/database/series/figureViews.ts'
import { schemaDrift } from '../../lib/src/base/database/trouble/drift.ts'
import { ohlcv, price } from '../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()
const { pool } = store

const LONG = '1234567890123456789012345678901234567890.1234567890123456789012345678901234567891'

it('text keeps every digit, floats about sixteen; names and times are as in the plain view', async () => {
  await store.timescale.upsert(price, [aPrice({ coinId: 'long', price: LONG }), aPrice({ coinId: 'tiny', price: '5.6e-11' })])
  await store.timescale.upsert(ohlcv, [aBar({ coinId: 'long', high: LONG })])
  const { rows } = await pool.query(
    `select t.coin_id, t.price as text, f.price as float, t.time = f.time as same, pg_typeof(t.time)::text as time from crypto_prices_text as t
     join crypto_prices_float as f using (coin_id, time) where coin_id in ('long', 'tiny') order by coin_id`,
  )
  expect(rows).toEqual([
    { coin_id: 'long', text: LONG, float: 1.2345678901234568e39, same: true, time: 'timestamp with time zone' },
    { coin_id: 'tiny', text: '0.000000000056', float: 5.6e-11, same: true, time: 'timestamp with time zone' },
  ])
  const { rows: bars } = await pool.query(
    `select t.high, f.close, pg_typeof(t.volume)::text as volume, t.is_final from ohlcv_data_text as t join ohlcv_data_float as f using (coin_id)`,
  )
  expect(bars).toEqual([{ high: LONG, close: 11, volume: 'text', is_final: true }])
})

it('exist for each type with decimals, with the columns of the plain views, and cause no drift', async () => {
  expect(FIGURE_VIEWS).toEqual(
    expect.arrayContaining(
      [
        'crypto_prices',
        'ohlcv_data',
        'trades',
        'quotes',
        'market_analytics',
        'trending',
        'alerts',
        'books',
        'corporate_actions',
        'observations',
      ].flatMap((view) => [`${view}_text`, `${view}_float`]),
    ),
  )
  const { rows } = await pool.query<{ view: string; columns: string[] }>(
    `select table_name as view, array_agg(column_name::text order by ordinal_position) as columns from information_schema.columns
     where table_schema = current_schema() group by 1`,
  )
  const columns = new Map(rows.map((row) => [row.view, row.columns]))
  for (const view of FIGURE_VIEWS)
    expect(columns.get(view), view).toEqual(columns.get(view.replace(/_(text|float)$/, ''))?.filter((name) => name !== 'flaw'))
  expect(await schemaDrift(pool)).toEqual([])
})

it('a filter on a coin and times has the plan of the plain view', async () => {
  await store.timescale.upsert(
    price,
    Array.from({ length: 20_000 }, (_, i) => aPrice({ coinId: `planned-${i % 50}`, time: MONDAY + i * MINUTE })),
  )
  await pool.query('analyze crypto_prices_rows, series')
  const plan = async (view: string) => {
    const sql = `explain (costs off) select time, price from ${view} where coin_id = 'planned-7' and time > '2026-01-10' and time < '2026-01-12'`
    return (await pool.query<{ 'QUERY PLAN': string }>(sql)).rows.map((line) => line['QUERY PLAN']).join('\n')
  }
  const plain = await plan('crypto_prices')
  expect(plain).toMatch(/Index|Bitmap/)
  for (const form of ['text', 'float']) expect(await plan(`crypto_prices_${form}`)).toBe(plain)
})
