import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../../lib/src/base/database/index.ts'
import { decimal, nowMicros, type Ohlcv, ohlcv, type Price, price, type Trade, trade } from '../../../lib/src/base/types/index.ts'
import { createDatabase, onTimescale, type TestDatabase } from '../../support/database.ts'
import { SHRINKS } from '../../support/shrinks.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../records.ts'

const DAY = 1440 * MINUTE
const TIMEFRAMES = ['1m', '3m', '5m', '15m', '45m', '1h', '2h', '4h', '12h', '1d', '1w'] as const

type Item = { readonly trade: Trade } | { readonly price: Price } | { readonly bar: Ohlcv }

/** Few moments and few values, so that bars are hit repeatedly and several trades share a microsecond. */
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

describe('rollups', () => {
  let database: TestDatabase
  let store: Store
  beforeAll(async () => {
    database = await createDatabase()
    store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
  })
  afterEach(async () => {
    await store.rollups.turnOff()
    await store.pool.query('truncate trades_rows; truncate crypto_prices_rows; truncate ohlcv_data_rows')
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

  it('equal the bars computed from the records, for any order of arrival, at every moment', async () => {
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
        await store.pool.query('truncate trades_rows; truncate crypto_prices_rows; truncate ohlcv_data_rows')
        const coins = [...new Set(items.map((one) => ('bar' in one ? 'barred' : 'mixed')))]
        await write(items)
        const expected = await candles(coins)
        await store.pool.query('truncate trades_rows; truncate crypto_prices_rows; truncate ohlcv_data_rows')

        const [first = [], ...rest] = split(shuffled, cuts)
        await write(first)
        await store.rollups.turnOn()
        await store.rollups.catchUp()
        for (const part of rest.slice(0, -1)) {
          await write(part)
          await store.rollups.catchUp()
        }
        await write(rest.at(-1) ?? [])
        expect(await candles(coins)).toEqual(expected) // the last part is not rolled up yet
        await store.rollups.catchUp()
        expect((await store.rollups.status()).pending).toBe(0)
        expect(await candles(coins)).toEqual(expected)
      },
    )
    await fc.assert(runs, { ...SHRINKS, numRuns: onTimescale ? 5 : 25 })
  })

  const aTrade = (change: Partial<Omit<Trade, 'price' | 'amount'>> & { price?: string; amount?: string } = {}): Trade => ({
    coinId: 'traded',
    source: 'venue',
    time: MONDAY,
    receivedAt: MONDAY,
    origin: 'live',
    currency: 'usd',
    tradeId: '1',
    side: 'buy',
    ...change,
    price: decimal(change.price ?? '100'),
    amount: decimal(change.amount ?? '1'),
  })
  const brief = async (timeframe: '1m' | '1h' | '1d', more: object = {}) =>
    (await store.dsl.getOHLCV({ coin: 'traded', timeframe, ...more })).candles.map((c) =>
      [(c.time - MONDAY) / MINUTE, c.open, c.high, c.low, c.close, c.volume, c.tradeCount, c.builtFrom].join(' '),
    )

  it('a late, a corrected and an out-of-order trade change their own bars only', async () => {
    await store.rollups.turnOn()
    const at = (minute: number, more: object = {}) => aTrade({ time: MONDAY + minute * MINUTE, tradeId: `${minute}`, ...more })
    await store.timescale.upsert(trade, [at(0), at(61, { price: '110' })])
    await store.rollups.catchUp()
    const { rows: before } = await store.pool.query("select xmin::text from rollups where time = '2026-01-05T01:01:00Z'")
    await store.timescale.upsert(trade, [at(0.5, { price: '90', amount: '0.5' })])
    await store.timescale.upsert(trade, [at(0, { price: '105', receivedAt: MONDAY + 1 })])
    // Continuous aggregates are refreshed once more, for both.
    expect((await store.rollups.catchUp()).ranges).toBe(onTimescale ? 3 : 2)
    expect(await brief('1h')).toEqual(['0 105 105 90 90 1.5 2 trades', '60 110 110 110 110 1 1 trades'])
    expect(await brief('1d')).toEqual(['0 105 110 90 110 2.5 3 trades'])
    const { rows: after } = await store.pool.query("select xmin::text from rollups where time = '2026-01-05T01:01:00Z'")
    expect(after).toEqual(before)
  })

  it('the stored history is rolled up too, and turning off leaves nothing behind', async () => {
    await store.timescale.upsert(trade, [aTrade(), aTrade({ time: MONDAY - 400 * DAY })])
    await store.rollups.turnOn()
    expect((await store.rollups.status()).pending).toBe(2)
    await store.rollups.catchUp()
    const bars = await brief('1d')
    expect(bars).toHaveLength(2)
    await store.rollups.turnOff()
    await store.timescale.upsert(trade, [aTrade({ tradeId: '2' })])
    expect(await store.rollups.status()).toEqual({ pending: 0, lagMs: 0 })
    expect(await brief('1d')).toEqual([bars[0], '0 100 100 100 100 2 2 trades'])
  })

  it('bars outlive the records that retention drops, and late records of that time change none', async () => {
    const now = nowMicros()
    const old = now - (now % DAY) - 100 * DAY
    const trades = [0, 1, 2].map((n) => aTrade({ time: old + n * 3_600_000_000, tradeId: `${n}`, price: `${n + 1}` }))
    await store.timescale.upsert(trade, [...trades, aTrade({ coinId: 'other', time: now })])
    await store.rollups.turnOn()
    await store.timescale.policies.setRetention('trades', 30)
    // Records that are not rolled up yet are not dropped.
    expect(await store.timescale.policies.applyRetention()).toMatchObject([{ dropped: 0 }])
    await store.rollups.catchUp()
    const [first] = await store.timescale.policies.applyRetention()
    expect(first?.dropped).toBeGreaterThan(0)
    expect((await store.pool.query("select from trades where coin_id = 'traded'")).rowCount).toBe(0)
    const expected = ['1 3 1 3 3 3 trades']
    const figures = async () => (await brief('1d')).map((line) => line.split(' ').slice(1).join(' '))
    expect(await figures()).toEqual(expected)
    await store.timescale.upsert(trade, [aTrade({ time: old + 1, tradeId: 'late', price: '50' })])
    await store.rollups.catchUp()
    expect(await figures()).toEqual(expected)
    await store.timescale.policies.setRetention('trades', undefined)
  })

  it('a bar of more than a minute is marked once until its time is over, and is built by queries meanwhile', async () => {
    await store.rollups.turnOn()
    // If a bar ends during the test, its marks are carried out and the count is useless: then it tries once more.
    for (;;) {
      const now = nowMicros()
      const opened = now - (now % MINUTE)
      for (const tradeId of ['1', '2', '3']) {
        await store.timescale.upsert(trade, [aTrade({ time: opened, tradeId }), aTrade({ time: opened - 20 * MINUTE, tradeId })])
        await store.rollups.catchUp()
      }
      const { rows: bars } = await store.pool.query<{ timeframe: string }>(
        'select timeframe from rollups order by time, timeframe',
      )
      const { rows: open } = await store.pool.query(
        'select since, until, cardinality(series) as size from rollup_marks where level = 1',
      )
      if (nowMicros() > opened - (opened % (5 * MINUTE)) + 5 * MINUTE) {
        await store.pool.query('truncate trades_rows, rollups, rollup_marks')
        continue
      }
      if (!onTimescale) expect(bars.map(({ timeframe }) => timeframe)).toEqual(expect.arrayContaining(['1m', '5m', '15m']))
      expect(bars.filter(({ timeframe }) => timeframe === '1m')).toHaveLength(2)
      expect(open).toEqual([{ since: expect.anything(), until: expect.anything(), size: 1 }])
      expect(await store.rollups.status()).toMatchObject({ pending: 0, lagMs: 0 })
      const { candles } = await store.dsl.getOHLCV({ coin: 'traded', timeframe: '5m' })
      expect(candles.map(({ tradeCount }) => tradeCount)).toEqual([3, 3])
      return
    }
  })

  it('several processes share the work, and nothing is done twice', async () => {
    await store.rollups.turnOn()
    await store.timescale.upsert(
      trade,
      Array.from({ length: 500 }, (_, i) => aTrade({ coinId: `coin-${i % 50}`, tradeId: `${i}`, time: MONDAY + i * MINUTE })),
    )
    const other = await openStore({ databaseUrl: database.url, home: '/nowhere' })
    try {
      await Promise.all([store.rollups.turnOn(), other.rollups.turnOn()])
      const passes = await Promise.all([store, other].flatMap((one) => [one.rollups.catchUp(), one.rollups.catchUp()]))
      expect(passes.reduce((sum, { ranges }) => sum + ranges, 0)).toBe(onTimescale ? 100 : 50)
    } finally {
      await other.close()
    }
    expect((await store.dsl.getOHLCV({ coin: 'coin-7', timeframe: '1d' })).candles[0]?.tradeCount).toBe(10)
  })
})
