import { describe, expect, test } from 'vitest'
import { Coverage } from '../../lib/src/base/database/index.ts'
import {
  admit,
  calendarOf,
  type Instrument,
  instrument,
  NOTHING_THERE,
  type Ohlcv,
  ohlcv,
  parseTime,
  type Timeframe,
} from '../../lib/src/base/types/index.ts'
import { aBar } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()
const { dsl } = store
const coverage = await Coverage.open(store.pool)

const at = parseTime
const MINUTE = 60_000_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const listed = (coinId: string, more: Partial<Instrument>): Instrument =>
  ({
    coinId,
    source: 'stocks',
    time: 0,
    receivedAt: 0,
    origin: 'live',
    kind: 'security',
    symbol: coinId,
    name: coinId,
    active: true,
    ...more,
  }) as Instrument

/** Done before the first read: calendars are cached for ten seconds. */
await store.timescale.upsert(instrument, [
  listed('AAPL:XNAS', { mic: 'XNAS', assetClass: 'stock' }),
  listed('RIO:XASX', { mic: 'XASX' }),
  listed('DUSK:XMOO', { mic: 'XMOO', assetClass: 'stock' }),
  listed('EUR/USD', { kind: 'pair', assetClass: 'forex', base: 'EUR', quote: 'USD' }),
])

/** Bars of a timeframe that open from one time up to another. */
const bars = (coinId: string, timeframe: Timeframe, length: number, from: string, to: string, more: Partial<Ohlcv> = {}) =>
  Array.from({ length: (at(to) - at(from)) / length }, (_, i) =>
    aBar({ coinId, source: 'stocks', ...(more as object), timeframe, time: at(from) + i * length }),
  )
const gapsOf = async (coin: string) => {
  const [series] = await coverage.list({ sources: ['stocks'], coins: [coin] })
  return series?.gaps.map(({ from, to }) => [from, to])
}

describe('an instrument names its calendar', () => {
  test('a security by the code of its exchange', async () => {
    await dsl.storeOHLCV([
      ...bars('AAPL:XNAS', '30m', HOUR / 2, '2025-03-07T14:30:00Z', '2025-03-07T21:00:00Z'),
      ...bars('AAPL:XNAS', '30m', HOUR / 2, '2025-03-10T13:30:00Z', '2025-03-10T20:00:00Z'),
    ])
    expect(await gapsOf('AAPL:XNAS')).toEqual([])
  })

  test('a pair of currencies is open from Sunday to Friday', async () => {
    await dsl.storeOHLCV([
      ...bars('EUR/USD', '30m', HOUR / 2, '2025-03-07T20:00:00Z', '2025-03-07T22:00:00Z'),
      ...bars('EUR/USD', '30m', HOUR / 2, '2025-03-09T21:00:00Z', '2025-03-09T23:00:00Z'),
    ])
    expect(await gapsOf('EUR/USD')).toEqual([])
  })

  test('an exchange whose hours are not known never closes', async () => {
    const [first, , last] = bars('DUSK:XMOO', '1d', DAY, '2025-03-07T00:00:00Z', '2025-03-10T00:00:00Z') as [Ohlcv, Ohlcv, Ohlcv]
    await dsl.storeOHLCV([first, last])
    expect(await gapsOf('DUSK:XMOO')).toEqual([[first.time + DAY, last.time]])
  })
})

test('a weekend is one step between daily bars', async () => {
  const FIRST = at('2025-09-01T00:00:00Z')
  // The last one is a Monday.
  const days = Array.from({ length: 57 }, (_, i) => FIRST + i * DAY).filter(
    (day) => [...calendarOf('XNAS').spans(day, day + DAY)].length > 0,
  )
  await dsl.storeOHLCV(
    days.map((time, i) => {
      const close = i === days.length - 1 ? '150' : `${100 + (i % 2)}`
      const figures = { open: close, high: close, low: close, close }
      return aBar({ coinId: 'AAPL:XNAS', source: 'stocks', timeframe: '1d', time, ...figures } as never)
    }),
  )
  const { anomalies } = await dsl.detectPriceAnomalies({ coin: 'AAPL:XNAS', timeframe: '1d', window: 20, limit: 10 })
  expect(anomalies.map(({ time, span }) => [time, span])).toEqual([[at('2025-10-27T00:00:00Z'), 1]])
})

test('a volume weighted average starts over with the trading day, not at midnight UTC within a session', async () => {
  const open = at('2025-01-16T23:00:00Z')
  await dsl.storeOHLCV(
    [10, 20, 30].map((price, i) => {
      const close = `${price}`
      const time = open + (i + 1) * (HOUR / 2)
      return aBar({
        coinId: 'RIO:XASX',
        source: 'stocks',
        timeframe: '30m',
        time,
        volume: '1',
        open: close,
        high: close,
        low: close,
        close,
      } as never)
    }),
  )
  const averages = (await dsl.calculateVWAP({ coin: 'RIO:XASX', timeframe: '30m', from: open })).points
  expect(averages.map(({ values }) => values.value)).toEqual([10, 15, 20])
})

test('a daily bar of Sydney may be stored once its session has begun, before 00:00 UTC of its date', () => {
  const time = at('2025-01-17T00:00:00Z')
  const bar = aBar({
    coinId: 'BHP:XASX',
    source: 'stocks',
    timeframe: '1d',
    time,
    receivedAt: time - HOUR,
    isFinal: false,
  } as never)
  expect(admit(ohlcv, bar, time - HOUR + MINUTE, () => calendarOf('XASX'))).toBe(bar)
  expect(() => admit(ohlcv, bar, time - HOUR + MINUTE, () => calendarOf('XNYS'))).toThrow('is from the future')
  expect(() => admit(ohlcv, bar, time - 20 * HOUR, () => calendarOf('XASX'))).toThrow('is from the future')
})

test('a bucket is whole although its source leaves out minutes without a trade, once coverage holds it', async () => {
  const series = { source: 'stocks', coinId: 'SLOW/USD', currency: 'usd', type: 'ohlcv', timeframe: '1m' } as const
  const open = at('2025-11-28T14:00:00Z')
  const given = bars('SLOW/USD', '1m', MINUTE, '2025-11-28T14:00:00Z', '2025-11-28T15:00:00Z', { currency: 'usd' }).filter(
    (_, i) => i % 10 === 0,
  )
  await dsl.storeOHLCV(given)
  const hour = async () => (await dsl.getOHLCV({ coin: 'SLOW/USD', timeframe: '1h' })).candles
  expect(await hour()).toMatchObject([{ covered: 0.1, partial: true, isFinal: true }])
  const id = await coverage.idOf(series)
  const held = given.map(({ time }) => ({ from: time, to: time + MINUTE }))
  const empty = held.map(({ to }) => ({ from: to, to: to + 9 * MINUTE }))
  const settle = (parts: typeof empty) =>
    coverage.settle(id, { from: open, to: open + HOUR }, { held, empty: parts, reason: `stocks${NOTHING_THERE}` })
  await settle(empty.slice(1))
  expect(await hour()).toMatchObject([{ covered: 0.1, partial: true }])
  await settle(empty)
  expect(await hour()).toMatchObject([{ covered: 1, partial: false, isFinal: true }])
})
