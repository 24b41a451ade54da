import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newestFirst } from '../../lib/src/base/database/tables/marketOrder.ts'
import { rowsTableOf, seriesTables } from '../../lib/src/base/database/tables/tables.ts'
import {
  decimal,
  ohlcv,
  type Price,
  price,
  type Quote,
  quote,
  type RecordType,
  type RecordValues,
  type Trade,
  trade,
} from '../../lib/src/base/types/index.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()
const { pool } = store

const COINS = ['a', 'b', 'c']

/** Names in the steps, so that a failing step is readable. */
const TYPES = { price, trade, ohlcv, quote }

type Step =
  | { readonly kind: 'upsert'; readonly type: keyof typeof TYPES; readonly records: readonly RecordValues[] }
  | { readonly kind: 'sql'; readonly text: string }
  | { readonly kind: 'undone'; readonly text: string }

const minute = fc.integer({ min: 0, max: 9 })
const coinId = fc.constantFrom(...COINS)
const receivedAt = fc.integer({ min: 0, max: 3 }).map((later) => MONDAY + later)
const figure = fc.integer({ min: 1, max: 99 }).map((n) => decimal(`${n}`))
const at = (n: number) => MONDAY + n * MINUTE
const iso = (n: number) => new Date(at(n) / 1000).toISOString()

const prices = fc
  .record({ coinId, minute, receivedAt, price: figure })
  .map(({ minute: n, ...one }): Price => aPrice({ ...one, time: at(n) }))
const trades = fc.record({ coinId, minute, receivedAt, price: figure, n: fc.integer({ min: 1, max: 6 }) }).map(
  ({ minute: n, n: id, ...one }): Trade => ({
    ...one,
    source: 'venue',
    time: at(n),
    origin: 'live',
    currency: 'usd',
    tradeId: `${id}`,
    side: 'buy',
    amount: decimal('1'),
    ...(id % 2 === 0 && { sequence: id }),
  }),
)
const bars = fc
  .record({ coinId, minute, timeframe: fc.constantFrom('1m' as const, '5m' as const) })
  .map(({ minute: n, ...one }) => aBar({ ...one, time: at(n - (n % 5)) }))
const quotes = fc.record({ coinId, minute, receivedAt, sequence: fc.integer({ min: 1, max: 3 }) }).map(
  ({ minute: n, ...one }): Quote => ({
    ...one,
    source: 'venue',
    time: at(n),
    origin: 'live',
    currency: 'usd',
    bid: decimal('1'),
    bidSize: decimal('1'),
    ask: decimal('2'),
    askSize: decimal('1'),
  }),
)
const upsert = (type: keyof typeof TYPES, one: fc.Arbitrary<RecordValues>) =>
  fc.array(one, { minLength: 1, maxLength: 12 }).map((records): Step => ({ kind: 'upsert', type, records }))

const VIEWS = ['crypto_prices', 'trades', 'ohlcv_data', 'quotes'] as const
const view = fc.constantFrom(...VIEWS)
const sql = fc.oneof(
  fc.record({ coinId, minute, price: figure }).map(
    ({ coinId: coin, minute: n, price: p }) =>
      `insert into crypto_prices (coin_id, source, currency, time, received_at, origin, price)
         select '${coin}', 'coingecko', 'usd', '${iso(n)}', now(), 'live', ${p}
         where not exists (select from crypto_prices where coin_id = '${coin}' and source = 'coingecko' and time = '${iso(n)}')`,
  ),
  fc
    .tuple(view, coinId, minute)
    .map(([table, coin, n]) => `delete from ${table} where coin_id = '${coin}' and time >= '${iso(n)}'`),
  fc.tuple(view, minute).map(([table, n]) => `delete from ${rowsTableOf(table)} where time < '${iso(n)}'`),
  fc
    .tuple(coinId, minute)
    .map(([coin, n]) => `update crypto_prices set price = price + 1 where coin_id = '${coin}' and time = '${iso(n)}'`),
  fc
    .tuple(coinId, minute)
    .map(([coin, n]) => `update quotes set time = time - interval '1 hour' where coin_id = '${coin}' and time = '${iso(n)}'`),
  view.map((table) => `truncate ${rowsTableOf(table)}`),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: upsert('price', prices) },
  { weight: 3, arbitrary: upsert('trade', trades) },
  { weight: 1, arbitrary: upsert('ohlcv', bars) },
  { weight: 1, arbitrary: upsert('quote', quotes) },
  { weight: 4, arbitrary: sql.map((text): Step => ({ kind: 'sql', text })) },
  { weight: 1, arbitrary: sql.map((text): Step => ({ kind: 'undone', text })) },
)

async function take(one: Step): Promise<void> {
  if (one.kind === 'upsert') {
    expect((await store.timescale.upsert(TYPES[one.type] as RecordType, one.records)).failed).toEqual([])
  } else if (one.kind === 'sql') await pool.query(one.text)
  else if (one.kind === 'undone') {
    const client = await pool.connect()
    await client.query(`begin; ${one.text}`)
    await client.query('rollback')
    client.release()
  }
}

/** The registry’s values, and the values computed from the rows. */
async function both(): Promise<readonly [unknown, unknown]> {
  const noted = await pool.query(
    "select id, first::text, last::text, received_at::text, origin, price, sequence, trade_id from series where type in ('price', 'trade', 'ohlcv', 'quote') and first is not null order by id",
  )
  const counted: unknown[] = []
  for (const { name, series } of seriesTables.filter(({ series: { view: shown } }) =>
    (VIEWS as readonly string[]).includes(shown),
  )) {
    const shown = series.type === 'price' || series.type === 'trade' ? 'price' : 'null::numeric as price'
    const number = series.type === 'trade' || series.type === 'quote' ? 'sequence' : 'null::bigint as sequence'
    const id = series.type === 'trade' ? 'trade_id' : 'null::text as trade_id'
    const { rows } = await pool.query(
      `select distinct on (series) series as id, (min(time) over (partition by series))::text as first, time::text as last,
         received_at::text, origin, ${shown}, ${number}, ${id}
       from ${name} order by series, ${newestFirst(series.view)}`,
    )
    counted.push(...rows)
  }
  const byId = (a: unknown, b: unknown) => Number((a as { id: string }).id) - Number((b as { id: string }).id)
  return [noted.rows, counted.sort(byId)]
}

test('the registry agrees with the records after any mix of writes, foreign SQL, deletes and rollbacks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      for (const table of VIEWS) await pool.query(`truncate ${rowsTableOf(table)}`)
      for (const one of steps) await take(one)
      const [noted, counted] = await both()
      expect(noted).toEqual(counted)
    }),
    { ...SHRINKS, numRuns: 60 },
  )
})

test('it agrees after concurrent writers of the same series, with rows in any order', async () => {
  const records = Array.from({ length: 3000 }, (_, i) =>
    aPrice({ coinId: `meet-${i % 7}`, time: MONDAY + ((i * 7919) % 3000) * MINUTE, price: `${i}` }),
  )
  await Promise.all(
    Array.from({ length: 6 }, (_, w) => store.timescale.upsert(price, records.slice(w * 500, w * 500 + 1000).toReversed())),
  )
  const [noted, counted] = await both()
  expect(noted).toEqual(counted)
})
