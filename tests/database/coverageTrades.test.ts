import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Coverage, dataHealthWire } from '../../lib/src/base/database/index.ts'
import { type Decimal, type Gap, type Quote, quote, type Trade, trade } from '../../lib/src/base/types/index.ts'
import { testStore } from './testStore.ts'

const SECOND = 1_000_000
const START = Date.UTC(2026, 0, 1) * 1000

const store = await testStore()
const coverage = await Coverage.open(store.pool)
/** Hypertables are also read by time, because their chunks are; the result is the same. */
const asLayout = (layout: 'plain' | 'hypertables') =>
  store.pool.query("update qicore_settings set value = $1 where name = 'layout'", [layout])
const { rows: layouts } = await store.pool.query<{ value: 'plain' | 'hypertables' }>(
  "select value from qicore_settings where name = 'layout'",
)

let named = 0
const freshSource = () => `venue-${++named}`

/** The trade with a number: ten a second, two at each moment. */
const tradeAt = (source: string, sequence: number | undefined, number = sequence ?? 0): Trade => ({
  coinId: 'BTC/USDT',
  source,
  currency: 'USDT',
  time: START + Math.floor(number / 2) * 200_000,
  receivedAt: START,
  origin: 'live',
  tradeId: String(number),
  side: 'buy',
  price: '1.5' as Decimal,
  amount: '2' as Decimal,
  ...(sequence !== undefined && { sequence }),
})
const timeOf = (number: number) => tradeAt('', number).time

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const storeTrades = (source: string, ...numbers: readonly number[]) =>
  store.timescale.upsert(
    trade,
    numbers.map((number) => tradeAt(source, number)),
  )
const only = async (source: string) => {
  const found = await coverage.list({ sources: [source] })
  expect(found).toHaveLength(1)
  return found[0] as (typeof found)[number]
}
const numbersOf = ({ numbers, missing }: Gap) => [numbers?.first, numbers?.last, missing]
const ran = (source: string, from: number, to: number) =>
  store.pool.query('insert into coverage_sessions (source, started_at, seen_at, ended) values ($1, $2, $3, true)', [
    source,
    new Date((START + from * SECOND) / 1000).toISOString(),
    new Date((START + to * SECOND) / 1000).toISOString(),
  ])

describe.each(['plain', 'hypertables'] as const)('trades whose numbers count up, read as of tables that are %s', (layout) => {
  beforeAll(() => asLayout(layout))
  afterAll(() => asLayout(layouts[0]?.value ?? 'plain'))

  test('a missing number is a gap, with the count and the times of its neighbours', async () => {
    const source = freshSource()
    await coverage.introduce(source, { contiguous: ['trade'] })
    await storeTrades(source, ...range(0, 40), ...range(47, 90), 91)
    const { gaps, held } = await only(source)
    expect(gaps.map(numbersOf)).toEqual([
      [40, 46, 7],
      [90, 90, 1],
    ])
    expect(gaps[0]).toMatchObject({ from: timeOf(39), to: timeOf(47) + 1, reason: 'unasked' })
    // 90 and 91 share their moment: the moment is held, and a number is missing.
    expect(held).toEqual([
      { from: timeOf(0), to: timeOf(39) + 1 },
      { from: timeOf(47), to: timeOf(89) + 1 },
      { from: timeOf(91), to: timeOf(91) + 1 },
    ])
  })

  test('data health lists missing trades and their reasons, for numbered series only', async () => {
    const [source, whole, plain] = [freshSource(), freshSource(), freshSource()]
    for (const one of [source, whole]) await coverage.introduce(one, { contiguous: ['trade'] })
    await storeTrades(source, ...range(0, 40), ...range(47, 90), 91)
    await storeTrades(whole, ...range(0, 40))
    await storeTrades(plain, ...range(0, 40), ...range(47, 90))
    const health = async (of: string, more = {}) => {
      const { items } = await store.dsl.getDataHealth({ source: of, from: START, to: timeOf(91) + 1, ...more })
      expect(items).toHaveLength(1)
      return items[0] as (typeof items)[number]
    }
    expect(await health(source)).toMatchObject({
      status: 'gappy',
      reason: '8 trades are missing by number: most of them numbers 40 to 46 (unasked)',
      missing: 8,
      missingNumbers: [
        { numbers: { first: 40, last: 46 }, missing: 7, from: timeOf(39), to: timeOf(47) + 1, reason: 'unasked' },
        { numbers: { first: 90, last: 90 }, missing: 1, reason: 'unasked' },
      ],
    })
    // The range ends before the second gap.
    expect(await health(source, { to: timeOf(60) })).toMatchObject({
      missing: 7,
      reason: '7 trades are missing by number: numbers 40 to 46 (unasked)',
    })
    expect(await health(whole)).toMatchObject({ status: 'ok', missing: 0, missingNumbers: [] })
    expect(await health(plain)).not.toHaveProperty('missing')
    const [wire] = dataHealthWire({ items: [await health(source)] }).items
    expect(wire).toMatchObject({
      missing: 8,
      missing_numbers: [{ first_number: 40, last_number: 46, missing: 7 }, { missing: 1 }],
    })

    const id = await coverage.idOf({ source, coinId: 'BTC/USDT', currency: 'USDT', type: 'trade' })
    await coverage.settleNumbers(
      id,
      { from: timeOf(40), to: timeOf(47) },
      { first: 40, last: 46 },
      'it keeps no trades of that day',
    )
    const [gap] = dataHealthWire({ items: [await health(source)] }).items[0]?.missing_numbers ?? []
    expect(gap).toMatchObject({ reason: 'provider', answer: 'it keeps no trades of that day' })
  })

  test('the gaps do not depend on the order of arrival', async () => {
    const source = freshSource()
    await coverage.introduce(source, { contiguous: ['trade'] })
    const missing = new Set([3, 4, 17, 50, 51, 52])
    const numbers = range(0, 60).filter((number) => !missing.has(number))
    const shuffled = numbers.toSorted((a, b) => ((a * 7919) % 61) - ((b * 7919) % 61))
    for (let i = 0; i < shuffled.length; i += 7) {
      await storeTrades(source, ...shuffled.slice(i, i + 7))
      await coverage.refresh({ sources: [source] })
    }
    expect((await only(source)).gaps.map(numbersOf)).toEqual([
      [3, 4, 2],
      [17, 17, 1],
      [50, 52, 3],
    ])
    await storeTrades(source, ...missing)
    expect((await only(source)).gaps).toEqual([])
    const { rows } = await store.pool.query(
      'select c.numbers::text from coverage_spans as c join series as s on s.id = c.series_id where s.source = $1',
      [source],
    )
    expect(rows).toEqual([{ numbers: '[0,60)' }])
  })

  test('a refresh reads only numbers that are not known yet', async () => {
    const source = freshSource()
    await coverage.introduce(source, { contiguous: ['trade'] })
    await storeTrades(source, ...range(0, 2000))
    await coverage.refresh({ sources: [source] })
    // If they were read again, the deleted ones would be missing.
    await store.pool.query('delete from trades where source = $1 and sequence between 500 and 1500', [source])
    await storeTrades(source, ...range(2000, 2010), ...range(2011, 2020))
    expect((await only(source)).gaps.map(numbersOf)).toEqual([[2010, 2010, 1]])
  })

  test('requested numbers that the provider does not have are settled, and only they', async () => {
    const source = freshSource()
    await coverage.introduce(source, { contiguous: ['trade'] })
    await storeTrades(source, ...range(0, 10), ...range(20, 30))
    const id = await coverage.idOf({ source, coinId: 'BTC/USDT', currency: 'USDT', type: 'trade' })
    await coverage.refresh({ sources: [source] })
    const window = { from: timeOf(10), to: timeOf(20) }
    await coverage.request(id, window, { first: 10, last: 19 })
    expect((await only(source)).gaps).toMatchObject([{ numbers: { first: 10, last: 19 }, reason: 'interrupted' }])
    await storeTrades(source, ...range(10, 14), ...range(16, 20))
    expect(await coverage.settleNumbers(id, window, { first: 10, last: 19 }, 'nothing there')).toEqual([{ first: 14, last: 15 }])
    expect((await only(source)).gaps).toMatchObject([
      { numbers: { first: 14, last: 15 }, missing: 2, reason: 'provider', settled: { reason: 'nothing there' } },
    ])
    await coverage.forget(id, window)
    expect((await only(source)).gaps).toMatchObject([{ numbers: { first: 14, last: 15 }, reason: 'unasked' }])
  })
})

describe('records whose silence proves nothing', () => {
  test('numbers that are not declared contiguous make no gaps; the time in which the source did not run does', async () => {
    const source = freshSource()
    await ran('', 0, 100)
    await ran(source, 0, 4)
    await ran(source, 6, 20)
    await storeTrades(source, ...range(0, 10), ...range(40, 100), ...range(160, 170))
    const { gaps, held } = await only(source)
    expect(gaps).toEqual([{ from: START + 4 * SECOND, to: START + 6 * SECOND, reason: 'reconnect' }])
    expect(held).toEqual([
      { from: START, to: START + 4 * SECOND },
      { from: START + 6 * SECOND, to: timeOf(169) + 1 },
    ])
  })

  test('nothing of a source that never ran is missing', async () => {
    const source = freshSource()
    await store.timescale.upsert(
      trade,
      [0, 100, 5000].map((number) => tradeAt(source, undefined, number)),
    )
    expect(await only(source)).toMatchObject({ gaps: [], held: [{ from: START, to: timeOf(5000) + 1 }] })
  })

  test('quotes: the time without the source, minus the spans fetched later', async () => {
    const source = freshSource()
    const quoteAt = (second: number): Quote => ({
      coinId: 'BTC/USDT',
      source,
      currency: 'USDT',
      time: START + second * SECOND,
      receivedAt: START,
      origin: 'live',
      sequence: 1,
      bid: '1' as Decimal,
      bidSize: '1' as Decimal,
      ask: '2' as Decimal,
      askSize: '1' as Decimal,
    })
    await ran(source, 0, 10)
    await ran(source, 30, 60)
    await store.timescale.upsert(quote, [0, 9, 31, 59].map(quoteAt))
    const hole = { from: START + 10 * SECOND, to: START + 30 * SECOND }
    expect((await only(source)).gaps).toMatchObject([hole])
    const id = await coverage.idOf({ source, coinId: 'BTC/USDT', currency: 'USDT', type: 'quote' })
    await coverage.settle(id, hole, { held: [{ from: hole.from, to: hole.to - 5 * SECOND }], empty: [], reason: '' })
    expect((await only(source)).gaps).toMatchObject([{ from: hole.to - 5 * SECOND, to: hole.to }])
  })
})
