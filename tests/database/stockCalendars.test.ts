import { describe, expect, test } from 'vitest'
import { Coverage } from '../../lib/src/base/database/index.ts'
import { type Instrument, instrument, type Ohlcv, parseTime, type Timeframe } from '../../lib/src/base/types/index.ts'
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
