import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import {
  decimal,
  type Ohlcv,
  ohlcv,
  openStore,
  type Price,
  price,
  type Store,
  type Trade,
  trade,
} from '../../../lib/src/base/index.ts'
import { createDatabase, type TestDatabase, type TestServer } from '../../support/database.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../records.ts'

const DAY = 1440 * MINUTE
const TIMEFRAMES = ['1m', '3m', '5m', '15m', '45m', '1h', '2h', '4h', '12h', '1d', '1w'] as const

type Item = { readonly trade: Trade } | { readonly price: Price } | { readonly bar: Ohlcv }

/** Few moments and few values: bars are met again and again, and several trades share a microsecond. */
const moment = fc.oneof(
  fc.integer({ min: 0, max: 4 }).map((n) => MONDAY + n * 1000),
  fc.integer({ min: 0, max: 3 * 1440 }).map((n) => MONDAY + n * MINUTE),
  fc.integer({ min: 0, max: DAY }).map((n) => MONDAY + n),
)
const figure = fc.integer({ min: 1, max: 999_999 }).map((n) => decimal(`${n % 1000}.${String(n).padStart(9, '0')}`))
const receivedAt = fc.integer({ min: 0, max: 3 }).map((n) => MONDAY + DAY + n)
const origin = fc.constantFrom('live' as const, 'backfill' as const, 'simulated' as const)

const item: fc.Arbitrary<Item> = fc.oneof(
  fc
    .record({ time: moment, price: figure, amount: figure, tradeId: fc.constantFrom('1', '2', '3'), receivedAt, origin })
    .map((some) => ({
      trade: { coinId: 'mixed', source: 'venue', currency: 'usd', side: 'buy' as const, ...some },
    })),
  fc
    .record({ time: moment, price: figure, receivedAt, origin })
    .map((some) => ({ price: aPrice({ coinId: 'mixed', source: 'venue', ...some }) })),
  fc
    .record({
      time: moment,
      open: figure,
      close: figure,
      receivedAt,
      isFinal: fc.boolean(),
      volume: fc.option(figure, { nil: undefined }),
    })
    .map(({ time, volume, ...some }) => ({
      bar: {
        ...aBar({ coinId: 'barred', source: 'venue', time: time - (time % MINUTE), high: '1000', low: '0.1', ...some }),
        ...(volume === undefined ? {} : { volume, tradeCount: 1 }),
      },
    })),
)

/** What every layout must do alike. */
export function rollupSuite(server: TestServer): void {
  let database: TestDatabase
  let store: Store
  beforeAll(async () => {
    database = await createDatabase(server)
    store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
  })
  afterEach(async () => {
    await store.rollups.turnOff()
    await store.pool.query('truncate trades; truncate crypto_prices; truncate ohlcv_data')
    await store.pool.query("delete from qicore_settings where name like 'kept_since.%' or name like 'retention.%'")
  })
  afterAll(async () => {
    await store.close()
    await database.drop()
  })

  const write = async (items: readonly Item[]) => {
    await store.timescale.upsert(
      trade,
      items.flatMap((one) => ('trade' in one ? [one.trade] : [])),
    )
    await store.timescale.upsert(
      price,
      items.flatMap((one) => ('price' in one ? [one.price] : [])),
    )
    await store.timescale.upsert(
      ohlcv,
      items.flatMap((one) => ('bar' in one ? [one.bar] : [])),
    )
  }

  const candles = async (coins: readonly string[]) => {
    const found = coins.flatMap((coin) =>
      TIMEFRAMES.map(async (timeframe) => {
        const all = await store.dsl.getOHLCV({ coin, timeframe, limit: 10_000, to: MONDAY + 10 * DAY })
        const part = await store.dsl.getOHLCV({ coin, timeframe, from: MONDAY + 7, to: MONDAY + 500 * MINUTE })
        return [coin, timeframe, all.candles, part.candles]
      }),
    )
    return Promise.all(found)
  }

  const split = <T>(all: readonly T[], at: readonly number[]): T[][] => {
    const cuts = [0, ...at.map((part) => Math.floor(part * all.length)).sort((a, b) => a - b), all.length]
    return cuts.slice(1).map((to, i) => all.slice(cuts[i], to))
  }

  it('are what the records give, whatever the order of arrival, and at every moment', { timeout: 240_000 }, async () => {
    const runs = fc.asyncProperty(
      fc.array(item, { minLength: 1, maxLength: 30 }).chain((items) =>
        fc.record({
          items: fc.constant(items),
          shuffled: fc.shuffledSubarray([...items, ...items], { minLength: items.length }).map((some) => [...some, ...items]),
          cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
        }),
      ),
      async ({ items, shuffled, cuts }) => {
        await store.rollups.turnOff()
        await store.pool.query('truncate trades; truncate crypto_prices; truncate ohlcv_data')
        const coins = [...new Set(items.map((one) => ('bar' in one ? 'barred' : 'mixed')))]
        await write(items)
        const expected = await candles(coins)
        await store.pool.query('truncate trades; truncate crypto_prices; truncate ohlcv_data')

        const [first = [], ...rest] = split(shuffled, cuts)
        await write(first)
        await store.rollups.turnOn()
        await store.rollups.catchUp()
        for (const part of rest.slice(0, -1)) {
          await write(part)
          await store.rollups.catchUp()
        }
        await write(rest.at(-1) ?? [])
        expect(await candles(coins)).toEqual(expected) // read while the last part waits to be rolled up
        await store.rollups.catchUp()
        expect((await store.rollups.status()).pending).toBe(0)
        expect(await candles(coins)).toEqual(expected)
      },
    )
    await fc.assert(runs, { numRuns: server === 'embedded' ? 25 : 5 })
  })
}
