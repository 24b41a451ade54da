import { expect, test } from 'vitest'
import { type History, type Ohlcv, type SourceDefinition, silentLogger, type Trade } from '../../../lib/src/base/types/index.ts'
import { bybit } from '../../../lib/src/publishers/sources/bybit/index.ts'
import { coinbase } from '../../../lib/src/publishers/sources/coinbase/index.ts'
import { okx } from '../../../lib/src/publishers/sources/okx/index.ts'
import { settingsFor } from './collect.ts'
import { bybit as bybitDialect } from './fake/bybit.ts'
import { coinbase as coinbaseDialect } from './fake/coinbase.ts'
import { FakeVenue } from './fake/FakeVenue.ts'
import type { FakeVenueProcess } from './fake/index.ts'
import { okx as okxDialect } from './fake/okx.ts'

const SECOND = 1_000_000
const START = Date.UTC(2024, 2, 31, 22, 59) * 1000
const FIRST = 1000

/** Times of 4,000 trades: one a second, but 2,100 of one moment in the middle, more than two pages of any venue hold. */
const times = Array.from({ length: 4000 }, (_, i) => START + SECOND * (i < 950 ? i : i < 3050 ? 950 : i - 2100))
const RUN = START + 950 * SECOND
const END = times.at(-1) as number

test.each([
  ['okx', okx as unknown as SourceDefinition, 'BTC-USDT', 'BTC/USDT', 'USDT'],
  ['coinbase', coinbase as unknown as SourceDefinition, 'BTC-USD', 'BTC/USD', 'USD'],
] as const)(
  '%s: past trades by time are exactly those of the range, over pages and runs of one moment',
  async (name, type, symbol, coinId, currency) => {
    const venue = await FakeVenue.start(name === 'okx' ? okxDialect : coinbaseDialect)
    const made = venue.market.of(symbol)
    for (const [i, time] of times.entries())
      made.push({ id: FIRST + i, symbol, price: '61837.63', amount: '0.00008', side: i % 3 === 0 ? 'sell' : 'buy', time })
    const url = `http://127.0.0.1:${venue.port}`
    const address = { restUrl: url, wsUrl: url.replace('http', 'ws') } as FakeVenueProcess
    const settings = settingsFor(type, address, { symbols: [coinId], channels: ['trades'] })
    const history = (await type.history?.(settings, { name, logger: silentLogger })) as History
    try {
      for (const [from, to] of [
        [START - 3600 * SECOND, END + 3600 * SECOND],
        [START + 100 * SECOND, RUN],
        [RUN, RUN + 1],
        [RUN, RUN + 1000],
        [RUN + 1, END],
        [RUN - SECOND, RUN + SECOND],
        [END + 1, END + SECOND],
        [START - SECOND, START],
      ] as const) {
        const series = { type: 'trade', coinId, currency } as const
        const found: Trade[] = []
        for (const window of history.plan(series, from, to))
          for await (const { records } of history.fetch(series, window)) found.push(...(records as readonly unknown[] as Trade[]))
        const wanted = made.filter(({ time }) => time >= from && time < to)
        expect(found.map(({ sequence }) => sequence)).toEqual(wanted.map(({ id }) => id))
      }
    } finally {
      await history.close()
      await venue.close()
    }
  },
)

test('bybit: instruments and past bars are all there, over pages', async () => {
  const venue = await FakeVenue.start(bybitDialect)
  const url = `http://127.0.0.1:${venue.port}`
  const address = { restUrl: url, wsUrl: url.replace('http', 'ws') } as FakeVenueProcess
  const type = bybit as unknown as SourceDefinition
  const settings = settingsFor(type, address, { symbols: ['BTC/USDT'], channels: ['trades'] })
  const history = (await type.history?.(settings, { name: 'bybit', logger: silentLogger })) as History
  try {
    // The last instrument of the last page.
    const series = { type: 'ohlcv', coinId: 'NKN/USDT', currency: 'USDT', timeframe: '1m' } as const
    const minute = 60 * SECOND
    const [from, to] = [START + 30 * SECOND, START + 2500 * minute + 30 * SECOND]
    const found: Ohlcv[] = []
    for (const window of history.plan(series, from, to))
      for await (const { records } of history.fetch(series, window)) found.push(...(records as readonly unknown[] as Ohlcv[]))
    expect(found.map(({ time }) => time)).toEqual(Array.from({ length: 2500 }, (_, i) => START + (i + 1) * minute))
    expect(found.every(({ time, close }) => close === String(time / minute))).toBe(true)
    expect(venue.state.calls.filter((call) => call.includes('instruments-info'))).toHaveLength(3)
  } finally {
    await history.close()
    await venue.close()
  }
})
