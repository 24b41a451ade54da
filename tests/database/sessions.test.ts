import { describe, expect, test } from 'vitest'
import { Coverage } from '../../lib/src/base/database/index.ts'
import {
  CALENDARS,
  calendarOf,
  decimal,
  formatTime,
  type Ohlcv,
  parseTime,
  type Timeframe,
  timeframeMicros,
} from '../../lib/src/base/types/index.ts'
import { aBar, MINUTE } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore({ calendars: CALENDARS })
const { dsl } = store
const coverage = await Coverage.open(store.pool, CALENDARS)
await coverage.introduce('new-york', { calendar: 'XNYS' })
await coverage.introduce('sydney', { calendar: 'XASX' })
await coverage.introduce('forex', { calendar: 'fx' })

const HOUR = 60 * MINUTE
const at = parseTime
const minute = (time: number): string => formatTime(time).slice(0, 16)

/** A bar for each stretch of this length of each open span, from the open on. */
function bars(source: string, calendar: string, coinId: string, timeframe: Timeframe, from: string, to: string): Ohlcv[] {
  const length = timeframeMicros(timeframe)
  return [...calendarOf(calendar).spans(at(from), at(to))].flatMap((span) =>
    Array.from({ length: Math.ceil((span.to - span.from) / length) }, (_, i) =>
      aBar({ coinId, source, timeframe, time: span.from + i * length, volume: '2' } as never),
    ),
  )
}
const stored = async (given: readonly Ohlcv[]) => expect(await dsl.storeOHLCV(given)).toMatchObject({ failed: [] })
const candles = async (coin: string, timeframe: Timeframe, more: object = {}) =>
  (await dsl.getOHLCV({ coin, timeframe, limit: 1000, ...more })).candles.map(({ time, covered, isFinal, volume }) => [
    minute(time),
    covered,
    isFinal,
    volume,
  ])
const health = async (coin: string, from: string, to: string) =>
  (await dsl.getDataHealth({ coin, from, to })).items.map(({ kind, status, gaps, expected, missing: _, ...rest }) => [
    kind,
    status,
    gaps,
    expected ?? rest.rows,
  ])

/** The hours of two sessions in New York; the clocks change between, on Sunday, 2025-03-09. */
const HOURS = [
  ...['14:30', '15:30', '16:30', '17:30', '18:30', '19:30', '20:30'].map((time) => `2025-03-07T${time}`),
  ...['13:30', '14:30', '15:30', '16:30', '17:30', '18:30', '19:30'].map((time) => `2025-03-10T${time}`),
]

describe('a provider counts bars from the open of the session', () => {
  test('hours at half past are served as given, through the change of the clocks, and are neither flawed nor missing', async () => {
    await stored(bars('new-york', 'XNYS', 'HOURS', '1h', '2025-03-07T00:00:00Z', '2025-03-11T00:00:00Z'))
    const found = await candles('HOURS', '1h')
    expect(found.map(([time]) => time)).toEqual(HOURS)
    expect(found.every(([, covered, isFinal]) => covered === 1 && isFinal)).toBe(true)
    expect(await health('HOURS', '2025-03-07T00:00:00Z', '2025-03-11T00:00:00Z')).toEqual([['1h', 'ok', 0, 14]])
    const [series] = await coverage.list({ sources: ['new-york'], coins: ['HOURS'] })
    expect(series?.gaps).toEqual([])
    expect(await candles('HOURS', '1d')).toEqual([
      ['2025-03-07T00:00', 1, true, '14'],
      ['2025-03-10T00:00', 1, true, '14'],
    ])
    const { holes } = await dsl.calculateSMA({ coin: 'HOURS', timeframe: '1h', period: 2 })
    expect(holes).toBe(0)
  })

  test('a missing hour is one gap, one hole and one missing bar', async () => {
    const given = bars('new-york', 'XNYS', 'HOLED', '1h', '2025-03-07T00:00:00Z', '2025-03-11T00:00:00Z')
    const missing = at('2025-03-10T15:30:00Z')
    await stored(given.filter(({ time }) => time !== missing))
    const [series] = await coverage.list({ sources: ['new-york'], coins: ['HOLED'] })
    expect(series?.gaps.map(({ from, to }) => [from, to])).toEqual([[missing, missing + HOUR]])
    expect((await health('HOLED', '2025-03-07T00:00:00Z', '2025-03-11T00:00:00Z'))[0]?.slice(1)).toEqual(['gappy', 1, 14])
    expect((await dsl.calculateSMA({ coin: 'HOLED', timeframe: '1h', period: 2 })).holes).toBe(1)
    const filled = (await dsl.getOHLCV({ coin: 'HOLED', timeframe: '1h', fill: true })).candles
    expect(filled.filter(({ builtFrom }) => builtFrom === 'filled').map(({ time }) => time)).toEqual([missing])
  })
})

describe('candles that we build', () => {
  test('open with the session: hours and four hours from minutes, winter and summer', async () => {
    await stored(bars('new-york', 'XNYS', 'MINUTES', '1m', '2025-03-07T00:00:00Z', '2025-03-11T00:00:00Z'))
    expect((await candles('MINUTES', '4h')).map(([time, covered, , volume]) => [time, covered, volume])).toEqual([
      ['2025-03-07T14:30', 1, '480'],
      ['2025-03-07T18:30', 1, '300'],
      ['2025-03-10T13:30', 1, '480'],
      ['2025-03-10T17:30', 1, '300'],
    ])
    const hours = await candles('MINUTES', '1h')
    expect(hours.map(([time]) => time)).toEqual(HOURS)
    expect(hours.at(-1)).toEqual(['2025-03-10T19:30', 1, true, '60'])
    expect(await candles('MINUTES', '1h', { from: '2025-03-10T00:00:00Z', limit: 2 })).toHaveLength(2)
  })

  test('the afternoon of an early close is closed', async () => {
    await stored(bars('new-york', 'XNYS', 'EARLY', '1m', '2025-11-28T00:00:00Z', '2025-11-29T00:00:00Z'))
    expect((await candles('EARLY', '1h')).map(([time, covered]) => [time, covered])).toEqual([
      ['2025-11-28T14:30', 1],
      ['2025-11-28T15:30', 1],
      ['2025-11-28T16:30', 1],
      ['2025-11-28T17:30', 1],
    ])
    expect(await candles('EARLY', '1d')).toEqual([['2025-11-28T00:00', 1, true, '420']])
    expect(await health('EARLY', '2025-11-28T00:00:00Z', '2025-11-29T00:00:00Z')).toEqual([['1m', 'ok', 0, 210]])
  })

  test('a day of Sydney begins on the UTC day before its date', async () => {
    // Summer: 23:00 to 05:00 UTC.
    await stored(bars('sydney', 'XASX', 'BHP', '1h', '2025-01-16T12:00:00Z', '2025-01-21T12:00:00Z'))
    expect((await candles('BHP', '1h')).slice(0, 2).map(([time]) => time)).toEqual(['2025-01-16T23:00', '2025-01-17T00:00'])
    expect(await candles('BHP', '1d')).toEqual([
      ['2025-01-17T00:00', 1, true, '12'],
      ['2025-01-20T00:00', 1, true, '12'],
      ['2025-01-21T00:00', 1, true, '12'],
    ])
    const days = ['2025-01-17', '2025-01-20', '2025-01-21'].map((day) =>
      aBar({
        coinId: 'DAYS',
        source: 'sydney',
        timeframe: '1d',
        time: at(`${day}T00:00:00Z`),
        receivedAt: at(`${day}T05:10:00Z`),
      } as never),
    )
    await stored(days)
    // No Sunday is missing, and a day is final from its close on.
    expect((await coverage.list({ sources: ['sydney'], coins: ['DAYS'] }))[0]?.gaps).toEqual([])
    expect((await candles('DAYS', '1d')).map(([, , isFinal]) => isFinal)).toEqual([true, true, true])
    expect(await health('DAYS', '2025-01-17T00:00:00Z', '2025-01-22T00:00:00Z')).toEqual([['1d', 'ok', 0, 3]])
  })

  test('a day of foreign exchange runs from 17:00 to 17:00 in New York', async () => {
    await stored(bars('forex', 'fx', 'EUR/USD', '1h', '2025-03-06T22:00:00Z', '2025-03-11T21:00:00Z'))
    expect((await candles('EUR/USD', '1d')).map(([time, covered, , volume]) => [time, covered, volume])).toEqual([
      ['2025-03-07T00:00', 1, '48'],
      ['2025-03-10T00:00', 1, '48'],
      ['2025-03-11T00:00', 1, '48'],
    ])
  })
})

test('a market that is closed is not stale: at night, on a weekend, on the afternoon of an early close', async () => {
  await stored(bars('new-york', 'XNYS', 'LATE', '1m', '2025-11-26T00:00:00Z', '2025-11-29T00:00:00Z'))
  await dsl.storePrices([
    ...[at('2025-11-28T17:58:00Z'), at('2025-11-28T17:59:00Z')].map((time) => ({
      ...{ coinId: 'LATE', source: 'new-york', currency: 'USD', origin: 'live' as const, time, receivedAt: time },
      price: decimal('10'),
    })),
  ])
  for (const now of ['2025-11-28T18:30:00Z', '2025-11-28T23:00:00Z', '2025-11-30T12:00:00Z', '2025-12-01T14:30:30Z'])
    for (const [kind, status] of await health('LATE', '2025-11-26T00:00:00Z', now))
      expect([now, kind, status]).toEqual([now, kind, 'ok'])
  const { items } = await dsl.getDataHealth({ coin: 'LATE', from: '2025-11-26T00:00:00Z', to: '2025-12-01T15:30:00Z' })
  expect(items.find(({ kind }) => kind === '1m')).toMatchObject({ status: 'stale', ageSeconds: 3600 })
})
