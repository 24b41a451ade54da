import { describe, expect, test } from 'vitest'
import { Coverage } from '../../lib/src/base/database/index.ts'
import {
  type Decimal,
  type MarketAnalytics,
  marketAnalytics,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type Trending,
  timeframeMicros,
  trending,
} from '../../lib/src/base/types/index.ts'
import { testStore } from './testStore.ts'

const SECOND = 1_000_000
const MINUTE = 60 * SECOND
const START = Date.UTC(2026, 0, 1) * 1000

const store = await testStore()
const coverage = await Coverage.open(store.pool)

let named = 0
/** A separate source for each test, because tests share tables. */
const freshSource = () => `source-${++named}`

const priceAt = (source: string, time: number, coinId = 'bitcoin'): Price => ({
  coinId,
  source,
  currency: 'usd',
  time,
  receivedAt: time,
  origin: 'live',
  price: '1.5' as Decimal,
})

const barAt = (source: string, time: number, isFinal = true): Ohlcv => ({
  coinId: 'bitcoin',
  source,
  currency: 'usd',
  time,
  receivedAt: time + MINUTE,
  origin: 'live',
  timeframe: '1m',
  open: '1' as Decimal,
  high: '1' as Decimal,
  low: '1' as Decimal,
  close: '1' as Decimal,
  isFinal,
  builtFrom: 'provider',
})

const storePrices = (source: string, ...seconds: readonly number[]) =>
  store.timescale.upsert(
    price,
    seconds.map((at) => priceAt(source, START + at * SECOND)),
  )
const storeBars = (source: string, ...minutes: readonly number[]) =>
  store.timescale.upsert(
    ohlcv,
    minutes.map((at) => barAt(source, START + at * MINUTE)),
  )
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const only = async (source: string) => {
  const found = await coverage.list({ sources: [source] })
  expect(found).toHaveLength(1)
  return found[0] as (typeof found)[number]
}
const minutes = ({ from, to }: { from: number; to: number }) => [(from - START) / MINUTE, (to - START) / MINUTE]
const seconds = ({ from, to }: { from: number; to: number }) => [(from - START) / SECOND, (to - START) / SECOND]

describe('candles', () => {
  test('a missing bar between the first and the last is a gap; so is one that never closed', async () => {
    const source = freshSource()
    await storeBars(source, ...range(0, 10), ...range(12, 20))
    await store.timescale.upsert(ohlcv, [barAt(source, START + 15 * MINUTE, false)])
    expect((await only(source)).gaps.map(minutes)).toEqual([[10, 12]])
    const other = freshSource()
    await storeBars(other, ...range(0, 5))
    await store.timescale.upsert(ohlcv, [barAt(other, START + 5 * MINUTE, false)])
    await storeBars(other, 6, 7)
    const { held, gaps } = await only(other)
    expect(held.map(minutes)).toEqual([
      [0, 5],
      [6, 8],
    ])
    expect(gaps.map(minutes)).toEqual([[5, 6]])
  })

  test('records stored later, in any order, close the gap', async () => {
    const source = freshSource()
    for (const at of [7, 3, 0, 5, 1]) {
      await storeBars(source, at)
      await coverage.refresh({ sources: [source] })
    }
    expect((await only(source)).gaps.map(minutes)).toEqual([
      [2, 3],
      [4, 5],
      [6, 7],
    ])
    await storeBars(source, 6, 2, 4)
    const { gaps, held, first, last } = await only(source)
    expect(gaps).toEqual([])
    expect(held.map(minutes)).toEqual([[0, 8]])
    expect([first, last]).toEqual([START, START + 7 * MINUTE])
  })
})

describe('prices', () => {
  test('a silence of more than three times the declared interval is a gap', async () => {
    const source = freshSource()
    await using _ = await coverage.begin(source, { cadence: { price: SECOND } })
    await storePrices(source, ...range(0, 10), 12, 13, 17, 18)
    expect((await only(source)).gaps.map(seconds)).toEqual([[13.000001, 17]])
  })

  test('without a declared interval, a silence of three times the usual one is a gap', async () => {
    const source = freshSource()
    const hours = [...range(0, 10), ...range(14, 20)]
    await storePrices(source, ...hours.map((hour) => hour * 3600))
    expect((await only(source)).gaps.map(seconds)).toEqual([[9 * 3600 + 0.000001, 14 * 3600]])
  })

  test('coarse prices among fine ones are no gaps', async () => {
    const source = freshSource()
    await using _ = await coverage.begin(source, { cadence: { price: SECOND } })
    await storePrices(source, ...range(0, 48).map((hour) => hour * 3600), ...range(48 * 3600, 48 * 3600 + 60))
    const { gaps } = await only(source)
    expect(gaps.map(seconds)).toEqual([[47 * 3600 + 0.000001, 48 * 3600]])
  })
})

test('the whole market: a list with several places at one moment, and figures in a currency', async () => {
  const source = freshSource()
  const places = (minute: number): Trending[] =>
    [1, 2, 3].map((rank) => {
      const { coinId, receivedAt, origin, time } = priceAt(source, START + minute * MINUTE, `coin-${rank}`)
      return { coinId, source, time, receivedAt, origin, rank }
    })
  const figures = (minute: number): MarketAnalytics => ({
    source,
    time: START + minute * MINUTE,
    receivedAt: START,
    origin: 'live',
    currency: 'usd',
    totalMarketCap: '1' as Decimal,
    totalVolume24h: '1' as Decimal,
    btcDominance: '1' as Decimal,
    ethDominance: '1' as Decimal,
    activeCoins: 1,
    markets: 1,
  })
  const at = [...range(0, 10), ...range(20, 30)]
  await store.timescale.upsert(trending, at.flatMap(places))
  await store.timescale.upsert(marketAnalytics, at.map(figures))
  const found = await coverage.list({ sources: [source] })
  expect(found.map(({ type, coinId, currency, gaps }) => [type, coinId, currency, gaps.map(minutes)])).toEqual([
    ['trending', '', '', [[9 + 1 / MINUTE, 20]]],
    ['market_analytics', '', 'usd', [[9 + 1 / MINUTE, 20]]],
  ])
})

test('reasons of gaps: stopped, reconnect, provider, unasked', async () => {
  const source = freshSource()
  const at = (second: number) => new Date((START + second * SECOND) / 1000).toISOString()
  const session = (name: string, from: number, to: number) =>
    store.pool.query('insert into coverage_sessions (source, started_at, seen_at, ended) values ($1, $2, $3, true)', [
      name,
      at(from),
      at(to),
    ])
  await coverage.introduce(source, { cadence: { price: SECOND } })
  await session('', 95, 200)
  await session('', 250, 400)
  await session(source, 100, 150)
  await session(source, 160, 200)
  await session(source, 250, 400)
  await storePrices(
    source,
    ...range(0, 10),
    ...range(30, 50),
    ...range(100, 150),
    ...range(160, 200),
    ...range(250, 300),
    ...range(310, 400),
  )
  const { gaps } = await only(source)
  expect(gaps.map(({ from, to, reason }) => [Math.floor((from - START) / SECOND), (to - START) / SECOND, reason])).toEqual([
    [9, 30, 'unasked'],
    [49, 100, 'unasked'],
    [149, 160, 'reconnect'],
    [199, 250, 'stopped'],
    [299, 310, 'provider'],
  ])
})

test('a span for which the provider has nothing is marked, and not requested again', async () => {
  const source = freshSource()
  await storeBars(source, ...range(0, 10), ...range(20, 30))
  const id = await coverage.idOf({ source, coinId: 'bitcoin', currency: 'usd', type: 'ohlcv', timeframe: '1m' })
  const window = { from: START + 10 * MINUTE, to: START + 20 * MINUTE }
  await coverage.request(id, window)
  expect((await only(source)).gaps).toEqual([{ ...window, reason: 'interrupted' }])
  await storeBars(source, ...range(10, 15))
  const empty = { from: START + 15 * MINUTE, to: window.to }
  await coverage.settle(id, window, { held: [{ from: window.from, to: empty.from }], empty: [empty], reason: 'nothing there' })
  const { gaps } = await only(source)
  expect(gaps).toEqual([{ ...empty, reason: 'provider', settled: { reason: 'nothing there', askedAt: expect.any(Number) } }])
  expect((await coverage.settled(id)).map(minutes)).toEqual([[0, 30]])
  await coverage.forget(id, empty)
  expect((await coverage.settled(id)).map(minutes)).toEqual([
    [0, 15],
    [20, 30],
  ])
})

test('an overdue record of a live series is missing', async () => {
  const source = freshSource()
  await using _ = await coverage.begin(source, { cadence: { price: SECOND, ohlcv: MINUTE } })
  await store.pool.query("update coverage_sessions set started_at = started_at - interval '1 hour' where source = $1", [source])
  const now = Date.now() * 1000
  await store.timescale.upsert(price, [priceAt(source, now - 600 * SECOND), priceAt(source, now - 599 * SECOND)])
  const length = timeframeMicros('1m')
  const open = Math.floor((now - 1200 * SECOND) / length) * length
  await store.timescale.upsert(ohlcv, [barAt(source, open)])
  const [bars, prices] = await coverage.list({ sources: [source] }, now)
  expect(prices?.gaps).toEqual([{ from: now - 599 * SECOND + 1, to: now - 3 * SECOND, reason: expect.any(String) }])
  const [gap] = bars?.gaps ?? []
  expect(gap?.from).toBe(open + length)
  expect(((gap?.to ?? 0) - open) % length).toBe(0)
  expect(gap?.to).toBeLessThanOrEqual(now - 4 * length) // when now is the turn of a minute, it is that
})

test('concurrent refreshes agree', async () => {
  const source = freshSource()
  const id = await coverage.idOf({ source, coinId: 'bitcoin', currency: 'usd', type: 'ohlcv', timeframe: '1m' })
  const others = await Promise.all(range(0, 4).map(() => Coverage.open(store.pool)))
  await Promise.all(
    range(0, 40).map(async (i) => {
      const window = { from: START + i * MINUTE, to: START + (i + 1) * MINUTE }
      await storeBars(source, i)
      await (others[i % 4] as Coverage).settle(id, window, { held: [window], empty: [], reason: '' })
      await (others[(i + 1) % 4] as Coverage).refresh({ sources: [source] })
    }),
  )
  const { rows } = await store.pool.query('select state from coverage_spans where series_id = $1', [id])
  expect(rows).toEqual([{ state: 'held' }])
  expect((await coverage.settled(id)).map(minutes)).toEqual([[0, 40]])
})
