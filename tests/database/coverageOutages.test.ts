import { expect, test } from 'vitest'
import { Coverage } from '../../lib/src/base/database/index.ts'
import { type Decimal, nowMicros, type Price, price, type Trade, trade } from '../../lib/src/base/types/index.ts'
import { testStore } from './testStore.ts'

const SECOND = 1_000_000

const store = await testStore()
const coverage = await Coverage.open(store.pool)

let named = 0
const freshSource = () => `venue-${++named}`

const common = (source: string, coinId: string, time: number) =>
  ({ coinId, source, currency: 'USDT', time, receivedAt: time, origin: 'live', price: '1.5' as Decimal }) as const
const storeTrades = (source: string, coinId: string, times: readonly number[]) =>
  store.timescale.upsert(
    trade,
    times.map((time): Trade => ({ ...common(source, coinId, time), tradeId: String(time), side: 'buy', amount: '2' as Decimal })),
  )
const storePrices = (source: string, coinId: string, times: readonly number[]) =>
  store.timescale.upsert(
    price,
    times.map((time): Price => common(source, coinId, time)),
  )
/** How long the source has run. */
const began = (source: string, seconds: number) =>
  store.pool.query("update coverage_sessions set started_at = started_at - $2 * interval '1 second' where source = $1", [
    source,
    seconds,
  ])
/** Moves the outages of the source into the past: their start, in seconds ago, and their length; an open one stays open. */
const moved = (source: string, ago: number, seconds: number) =>
  store.pool.query(
    `update coverage_outages set started_at = clock_timestamp() - $2 * interval '1 second',
      ended_at = case when ended_at is not null then clock_timestamp() - $2 * interval '1 second' + $3 * interval '1 second' end
     where source = $1`,
    [source, ago, seconds],
  )
const gapsOf = async (source: string, coin: string) => {
  const [series] = await coverage.list({ sources: [source], coins: [coin] })
  return series?.gaps ?? []
}

test('a gap during an outage of a series is a reconnect, with the reason that the source gave', async () => {
  const source = freshSource()
  await using session = await coverage.begin(source, { cadence: { price: SECOND } })
  await began(source, 1000)
  const cut = session.outage([{ type: 'price', coinId: 'BTC/USDT' }], 'connection lost: 1006')
  await cut[Symbol.asyncDispose]()
  await moved(source, 100, 20)
  const now = nowMicros()
  const times = [...Array(300).keys()].map((second) => now - (300 - second) * SECOND)
  const live = times.filter((time) => time < now - 100 * SECOND || time > now - 80 * SECOND)
  await storePrices(source, 'BTC/USDT', live)
  await storePrices(source, 'ETH/USDT', live)
  const [gap] = await gapsOf(source, 'BTC/USDT')
  expect(gap).toMatchObject({ reason: 'reconnect', detail: 'connection lost: 1006' })
  // The other series was not cut off: its provider gave nothing.
  expect(await gapsOf(source, 'ETH/USDT')).toEqual([{ from: gap?.from, to: gap?.to, reason: 'provider' }])
})

test('for records without a cadence the outage is the gap, also while it lasts', async () => {
  const source = freshSource()
  await using session = await coverage.begin(source)
  await began(source, 1000)
  const now = nowMicros()
  await storeTrades(source, 'BTC/USDT', [now - 500 * SECOND, now - 50 * SECOND])
  expect(await gapsOf(source, 'BTC/USDT')).toEqual([])
  await using cut = session.outage([{ type: 'trade' }], 'silent for 30 s')
  await expect.poll(() => gapsOf(source, 'BTC/USDT')).toMatchObject([{ reason: 'reconnect', detail: 'silent for 30 s' }])
  const [open] = await gapsOf(source, 'BTC/USDT')
  expect(open?.to).toBeGreaterThan(now)
  await cut[Symbol.asyncDispose]()
  await moved(source, 200, 30)
  const [over] = await gapsOf(source, 'BTC/USDT')
  expect(Math.round(((over?.to ?? 0) - (over?.from ?? 0)) / SECOND)).toBe(30)
})

test('an outage that was left open ends with the last heartbeat of its session', async () => {
  const source = freshSource()
  const session = await coverage.begin(source)
  await began(source, 1000)
  session.outage([{ type: 'trade', coinId: 'BTC/USDT' }], 'cut')
  await session.end()
  // As after a kill: the last heartbeat is 100 s old, and a later session runs.
  await store.pool.query(
    "update coverage_sessions set ended = false, seen_at = clock_timestamp() - interval '100 seconds' where source = $1",
    [source],
  )
  await moved(source, 300, 0)
  await using _ = await coverage.begin(source)
  await store.pool.query(
    "update coverage_sessions set started_at = clock_timestamp() - interval '40 seconds' where source = $1 and not ended and seen_at > clock_timestamp() - interval '10 seconds'",
    [source],
  )
  const now = nowMicros()
  await storeTrades(source, 'BTC/USDT', [now - 800 * SECOND, now - 20 * SECOND])
  const gaps = await gapsOf(source, 'BTC/USDT')
  expect(gaps).toHaveLength(1)
  const [gap] = gaps
  // The outage and the time without a session touch.
  expect([Math.round((now - (gap?.from ?? 0)) / SECOND), Math.round((now - (gap?.to ?? 0)) / SECOND)]).toEqual([300, 40])
})

test('an outage that could not be written at once is written later, with its times', async () => {
  const source = freshSource()
  await using session = await coverage.begin(source)
  await store.pool.query('alter table coverage_outages rename to elsewhere')
  const cut = session.outage([{ type: 'trade' }], 'cut')
  await cut[Symbol.asyncDispose]()
  await store.pool.query('alter table elsewhere rename to coverage_outages')
  const told = async () =>
    (
      await store.pool.query<{ ended: boolean }>('select ended_at is not null as ended from coverage_outages where source = $1', [
        source,
      ])
    ).rows
  expect(await told()).toEqual([])
  await session.end()
  expect(await told()).toEqual([{ ended: true }])
})

test('at most ten thousand outages of a source are kept', async () => {
  const source = freshSource()
  await using session = await coverage.begin(source)
  await store.pool.query(
    `insert into coverage_outages (session_id, source, series, reason, ended_at)
     select (select id from coverage_sessions where source = $1), $1, '[]', 'cut', clock_timestamp() from generate_series(1, 10050)`,
    [source],
  )
  await session.outage([{ type: 'trade' }], 'the last')[Symbol.asyncDispose]()
  const { rows } = await store.pool.query<{ n: number; last: string }>(
    'select count(*)::int as n, (array_agg(reason order by id desc))[1] as last from coverage_outages where source = $1',
    [source],
  )
  expect(rows).toEqual([{ n: 10_000, last: 'the last' }])
})

test('a cut that was noticed late is an outage of the span that it lasted', async () => {
  const source = freshSource()
  await using session = await coverage.begin(source, {})
  await began(source, 1000)
  const now = nowMicros()
  const span = { from: now - 100 * SECOND, to: now - 80 * SECOND }
  await session.outage([{ type: 'trade', coinId: 'BTC/USDT' }], 'it shows its latest trades alone', span)[Symbol.asyncDispose]()
  await storeTrades(source, 'BTC/USDT', [now - 300 * SECOND, now - 100 * SECOND - 1, now - 80 * SECOND, now - SECOND])
  const gaps = await gapsOf(source, 'BTC/USDT')
  expect(gaps).toMatchObject([{ reason: 'reconnect', detail: 'it shows its latest trades alone' }])
  const { from, to } = gaps[0] ?? { from: 0, to: 0 }
  // The clocks of the process and of the database differ by less than a second.
  expect(Math.abs(from - span.from)).toBeLessThan(SECOND)
  expect(Math.abs(to - span.to)).toBeLessThan(SECOND)
})
