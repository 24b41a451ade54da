import { describe, expect, it } from 'vitest'
import { bucketOf, finerTimeframes as finer } from '../../lib/src/base/database/dsl/candles/bucket.ts'
import { decimal, parseTime, TIMEFRAMES, type Timeframe } from '../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const store = await testStore()
const { dsl } = store
const HOUR = 60 * MINUTE
const brief = async (query: Parameters<typeof dsl.getOHLCV>[0]) =>
  (await dsl.getOHLCV(query)).candles.map((c) => [
    (c.time - MONDAY) / MINUTE,
    c.open,
    c.high,
    c.low,
    c.close,
    c.builtFrom,
    c.fromTimeframe,
    c.isFinal,
  ])
const minutes = (coinId: string, from: number, to: number, more: object = {}) =>
  Array.from({ length: to - from }, (_, i) => from + i).map((i) =>
    aBar({ coinId, time: MONDAY + i * MINUTE, open: `${i}`, high: `${i + 2}`, low: `${i - 1}.5`, close: `${i + 1}`, ...more }),
  )

describe('candles', () => {
  it('are the stored bar, else a rollup, else built from prices, bucket by bucket', async () => {
    await dsl.storeOHLCV([aBar({ coinId: 'mixed', timeframe: '1h', open: '1000' }), ...minutes('mixed', 0, 120)])
    await dsl.storePrices(
      [130, 140, 170, 30].map((minute) => aPrice({ coinId: 'mixed', time: MONDAY + minute * MINUTE, price: `${minute}.25` })),
    )
    expect(await brief({ coin: 'mixed', timeframe: '1h' })).toEqual([
      [0, '1000', '12', '9', '11', 'provider', undefined, true],
      [60, '60', '121', '59.5', '120', 'candles', '1m', true],
      [120, '130.25', '170.25', '130.25', '170.25', 'prices', undefined, true],
    ])
  })

  it('take each part from the coarsest bars that cover it, else from finer ones', async () => {
    await dsl.storeOHLCV([
      ...minutes('cover', 0, 60),
      aBar({ coinId: 'cover', timeframe: '30m', open: '10.5' }),
      ...minutes('cover', 60, 120),
      aBar({ coinId: 'cover', timeframe: '30m', time: MONDAY + 60 * MINUTE, open: '9.5' }),
      aBar({ coinId: 'cover', timeframe: '30m', time: MONDAY + 90 * MINUTE, open: '9.25', close: '11.75' }),
    ])
    const { candles } = await dsl.getOHLCV({ coin: 'cover', timeframe: '1h' })
    // High and low include everything that is stored of the hour.
    expect(candles.map(({ open, high, low, close, fromTimeframe }) => [open, high, low, close, fromTimeframe])).toEqual([
      ['0', '61', '-1.5', '60', '1m'],
      ['9.5', '121', '9', '11.75', '30m'],
    ])
    expect(candles.map(({ covered, partial, isFinal }) => [covered, partial, isFinal])).toEqual([
      [1, false, true],
      [1, false, true],
    ])
  })

  it('close when their time is over, and report the share that is covered', async () => {
    await dsl.storeOHLCV([
      ...minutes('open', 0, 45),
      ...minutes('open', 60, 119),
      ...minutes('open', 119, 120, { isFinal: false, receivedAt: MONDAY + 119.5 * MINUTE }),
    ])
    const { candles } = await dsl.getOHLCV({ coin: 'open', timeframe: '1h' })
    expect(candles.map(({ isFinal, covered, partial }) => [isFinal, covered, partial])).toEqual([
      [true, 0.75, true],
      [true, 59.5 / 60, true],
    ])
  })

  it('are not closed by a bar received before its end, and continue with later data', async () => {
    const early = { coinId: 'early', timeframe: '1h', receivedAt: MONDAY + 30 * MINUTE } as const
    await dsl.storeOHLCV([aBar(early)])
    await dsl.storePrices(
      [10, 35, 40, 45, 50, 59].map((minute) => aPrice({ coinId: 'early', time: MONDAY + minute * MINUTE, price: `${minute}` })),
    )
    const { candles } = await dsl.getOHLCV({ coin: 'early', timeframe: '1h' })
    expect(candles).toMatchObject([{ open: '10', high: '59', low: '9', close: '59', isFinal: true, fromTimeframe: '1h' }])
    // From 50 to 59 the silence is longer than a tenth of the hour.
    expect(candles[0]?.covered).toBeCloseTo(51 / 60, 10)
  })

  it('report how long trades and prices were silent', async () => {
    const at = (coinId: string, minutes: readonly number[]) =>
      dsl.storePrices(minutes.map((minute) => aPrice({ coinId, time: MONDAY + minute * MINUTE })))
    await at('steady', [1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 51, 56])
    await at('half', [30, 35, 40, 45, 50, 55])
    await at('alone', [20])
    const covered = async (coin: string) => (await dsl.getOHLCV({ coin, timeframe: '1h' })).candles.map((one) => one.covered)
    expect(await covered('steady')).toEqual([1])
    expect(await covered('half')).toEqual([0.5])
    expect(await covered('alone')).toEqual([0])
  })

  it('with impossible figures are kept, marked, and used for nothing', async () => {
    await dsl.storeOHLCV([
      ...minutes('flawed', 0, 60),
      aBar({ coinId: 'flawed', timeframe: '30m', high: '5', low: '9' }),
      aBar({ coinId: 'flawed', timeframe: '30m', time: MONDAY + 30 * MINUTE, volume: decimal('-1') }),
      aBar({ coinId: 'flawed', timeframe: '30m', time: MONDAY + 40 * MINUTE, high: '5000' }),
      aBar({ coinId: 'flawed', timeframe: '15m', open: '13' }),
    ])
    const flaws = async (timeframe: Timeframe) =>
      (await dsl.getOHLCV({ coin: 'flawed', timeframe })).candles.map(({ time, flaw }) => [(time - MONDAY) / MINUTE, flaw])
    expect(await flaws('30m')).toEqual([
      [0, 'high below low'],
      [30, 'negative volume'],
    ])
    expect((await flaws('15m'))[0]).toEqual([0, 'open or close outside low and high'])
    expect(await brief({ coin: 'flawed', timeframe: '1h' })).toEqual([[0, '0', '61', '-1.5', '60', 'candles', '1m', true]])
    const { items } = await dsl.getDataHealth({ coin: 'flawed', from: MONDAY, to: MONDAY + HOUR })
    expect(items.map(({ kind, flawed, status }) => [kind, flawed, status])).toEqual(
      expect.arrayContaining([['30m', 3, 'flawed']]),
    )
  })

  it('sum volumes exactly, and have none if a bar has none', async () => {
    const volumes = [
      ...minutes('volume', 0, 5, { volume: decimal('0.1'), tradeCount: 2 }),
      ...minutes('volume', 5, 9, { volume: decimal('1') }),
      ...minutes('volume', 9, 10),
    ]
    await dsl.storeOHLCV(volumes)
    const { candles } = await dsl.getOHLCV({ coin: 'volume', timeframe: '5m' })
    expect(candles.map((candle) => [candle.volume, candle.tradeCount])).toEqual([
      ['0.5', 10],
      [undefined, undefined],
    ])
  })

  it('of a week open on Monday', async () => {
    const day = 24 * HOUR
    await dsl.storeOHLCV([-1, 0, 6, 7].map((n) => aBar({ coinId: 'week', timeframe: '1d', time: MONDAY + n * day })))
    expect((await brief({ coin: 'week', timeframe: '1w' })).map((row) => Number(row[0]) / 1440)).toEqual([-7, 0, 7])
  })

  it('are the latest of the range, oldest first', async () => {
    await dsl.storeOHLCV(minutes('range', 0, 300))
    const opens = async (query: object) =>
      (await brief({ coin: 'range', timeframe: '1h', ...query })).map((row) => Number(row[0]) / 60)
    expect(await opens({ limit: 2 })).toEqual([3, 4])
    expect(await opens({ limit: 2, to: MONDAY + 2 * HOUR })).toEqual([0, 1])
    expect(await opens({ from: MONDAY + HOUR, to: '2026-01-05T03:00:00Z' })).toEqual([1, 2])
    expect(await opens({ from: MONDAY + HOUR + MINUTE })).toEqual([2, 3, 4])
    expect(await opens({ from: '2026-01-06' })).toEqual([])
  })

  it('skip empty buckets, however many', async () => {
    const times = ['2013-04-28T00:00:00Z', '2020-01-01T05:00:00.5Z', '2026-01-05T00:00:00Z'].map(parseTime)
    await dsl.storePrices(times.map((time) => aPrice({ coinId: 'sparse', time })))
    expect((await dsl.getOHLCV({ coin: 'sparse', timeframe: '1s' })).candles).toHaveLength(3)
  })

  it('are of one series: real before simulated, then the newest data; the others are listed', async () => {
    await dsl.storePrices([
      aPrice({ coinId: 'many', source: 'simulated', origin: 'simulated', time: MONDAY + 9 }),
      aPrice({ coinId: 'many', currency: 'eur', time: MONDAY + 5 }),
      aPrice({ coinId: 'many', time: MONDAY }),
    ])
    await dsl.storeOHLCV([aBar({ coinId: 'many', source: 'kraken', time: MONDAY + 7 * MINUTE })])
    const { series, otherSeries, candles } = await dsl.getOHLCV({ coin: 'many' })
    const name = (one: typeof series) => `${one.source}:${one.currency}${one.simulated ? ' simulated' : ''}`
    expect([series, ...otherSeries].map(name)).toEqual([
      'kraken:usd',
      'coingecko:eur',
      'coingecko:usd',
      'simulated:usd simulated',
    ])
    expect(candles).toHaveLength(1)
    expect(name((await dsl.getOHLCV({ coin: 'many', source: 'coingecko', currency: 'usd' })).series)).toBe('coingecko:usd')
    expect(name((await dsl.getOHLCV({ coin: 'many', source: 'simulated' })).series)).toBe('simulated:usd simulated')
    await expect(dsl.getOHLCV({ coin: 'many', currency: 'chf' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('built from simulated data are marked as simulated', async () => {
    await dsl.storePrices([
      aPrice({ coinId: 'fake', origin: 'simulated' }),
      aPrice({ coinId: 'fake', origin: 'live', time: MONDAY + 1 }),
    ])
    expect((await dsl.getOHLCV({ coin: 'fake' })).candles.map((candle) => candle.origin)).toEqual(['simulated'])
  })
})

const finerTimeframes = (timeframe: Timeframe) => finer(bucketOf(timeframe))

describe('finer timeframes', () => {
  it('divide the coarser one without a remainder', () => {
    expect(finerTimeframes('1h')).toEqual(['30m', '15m', '5m', '3m', '1m', '1s'])
    expect(finerTimeframes('1w')).not.toContain('3d')
    expect(finerTimeframes('1w')[0]).toBe('1d')
    expect(finerTimeframes('1s')).toEqual([])
    for (const timeframe of TIMEFRAMES) expect(finerTimeframes(timeframe)).not.toContain(timeframe)
  })
})
