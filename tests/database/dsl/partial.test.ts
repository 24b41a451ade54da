import { describe, expect, it } from 'vitest'
import { type Timeframe, timeframeMicros } from '../../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

const store = await testStore()
const { dsl } = store
const HOUR = 60 * MINUTE

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const pricesAt = (coinId: string, minutes: readonly number[], price = (minute: number) => `${100 + (minute % 7)}`) =>
  dsl.storePrices(minutes.map((minute) => aPrice({ coinId, time: MONDAY + minute * MINUTE, price: price(minute) })))

describe('a few bars beside complete prices', () => {
  it('do not hide the prices: all timeframes of a day agree', async () => {
    const coinId = 'my-coin'
    await dsl.storeOHLCV(
      [0, 4].map((hour) =>
        aBar({ coinId, timeframe: '4h', time: MONDAY + hour * HOUR, open: '100', high: '101', low: '99', close: '100' }),
      ),
    )
    await pricesAt(coinId, range(0, 1440), (minute) => String(100 + (minute >= 480 ? (minute - 480) / 10 : 0)))
    const candles = async (timeframe: Timeframe) =>
      (await dsl.getOHLCV({ coin: coinId, timeframe })).candles.map((one) => [
        one.open,
        one.high,
        one.low,
        one.close,
        one.covered,
      ])
    expect(await candles('1d')).toEqual([['100', '195.9', '99', '195.9', 1]])
    expect(await candles('12h')).toEqual([
      ['100', '123.9', '99', '123.9', 1],
      ['124', '195.9', '124', '195.9', 1],
    ])
    expect(await candles('4h')).toEqual([
      ['100', '101', '99', '100', 1],
      ['100', '101', '99', '100', 1],
      ['100', '123.9', '100', '123.9', 1],
      ['124', '147.9', '124', '147.9', 1],
      ['148', '171.9', '148', '171.9', 1],
      ['172', '195.9', '172', '195.9', 1],
    ])
  })

  it('also if a single minute of the day has a bar', async () => {
    await dsl.storeOHLCV([
      aBar({ coinId: 'one-bar', time: MONDAY + 21 * HOUR, open: '105', high: '106', low: '105', close: '105' }),
    ])
    await pricesAt('one-bar', range(0, 1440))
    const { candles } = await dsl.getOHLCV({ coin: 'one-bar', timeframe: '1d' })
    expect(candles).toMatchObject([
      { open: '100', high: '106', low: '100', close: '104', covered: 1, partial: false, isFinal: true },
    ])
  })
})

describe('partial candles', () => {
  const half = [...range(0, 15 * 60), ...range(15 * 60, 15 * 60 + 30), ...range(16 * 60, 24 * 60)]

  it('are counted by an indicator, and mark its value at the same time', async () => {
    await pricesAt('averaged', half)
    const query = { coin: 'averaged', timeframe: '1h' as const, period: 3, limit: 24, to: MONDAY + 24 * HOUR }
    const found = await dsl.calculateSMA(query)
    expect(found.partial).toBe(1)
    expect(found.points.filter(({ partial }) => partial).map(({ time }) => (time - MONDAY) / HOUR)).toEqual([15])
  })

  it('are left out of anomalies', async () => {
    // The last price of the half hour is far off, and not the close of its hour.
    await pricesAt('odd', half, (minute) => (minute === 15 * 60 + 29 ? '5000' : `${100 + (minute % 7)}`))
    const query = { coin: 'odd', timeframe: '1h' as const, window: 10, to: MONDAY + 24 * HOUR }
    const found = await dsl.detectPriceAnomalies(query)
    expect(found.partial).toBe(1)
    expect(found.anomalies.map(({ time }) => (time - MONDAY) / HOUR)).not.toContain(15)
  })
})

describe('data health', () => {
  const health = async (coin: string) => (await dsl.getDataHealth({ coin, from: MONDAY, to: MONDAY + 2 * HOUR })).items

  it('counts no backfilled row as late', async () => {
    const of = (coinId: string, origin: 'live' | 'backfill') =>
      range(0, 20).map((minute) =>
        // The later the time, the earlier the arrival.
        aPrice({ coinId, origin, time: MONDAY + minute * MINUTE, receivedAt: MONDAY + DAY - minute }),
      )
    await dsl.storePrices([...of('fetched', 'backfill'), ...of('seen', 'live')])
    expect((await health('fetched')).map(({ late }) => late)).toEqual([0])
    expect((await health('seen')).map(({ late }) => late)).toEqual([19])
  })
  const DAY = timeframeMicros('1d')

  it('counts closed bars that finer data contradicts, without changing them', async () => {
    const bars = [0, 1].map((hour) =>
      aBar({
        coinId: 'disputed',
        timeframe: '1h',
        time: MONDAY + hour * HOUR,
        open: '100',
        high: '110',
        low: '90',
        close: '100',
      }),
    )
    await dsl.storeOHLCV(bars)
    await pricesAt('disputed', [5, 65], (minute) => (minute === 65 ? '110.5' : '109'))
    expect((await health('disputed')).filter(({ kind }) => kind === '1h')).toMatchObject([{ contradicted: 1, flawed: 0 }])
    expect((await dsl.getOHLCV({ coin: 'disputed', timeframe: '1h' })).candles.map(({ high }) => high)).toEqual(['110', '110'])
  })
})
