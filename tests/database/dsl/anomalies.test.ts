import { describe, expect, it } from 'vitest'
import { spreadOf } from '../../../lib/src/base/database/dsl/anomalies/robust.ts'
import { aBar, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

const { dsl } = await testStore()

/** Closes that swing by 0.1 %, so that one robust standard deviation of their returns is known. */
const swinging = (i: number): number => (i % 2 ? 100.1 : 100)
const bars = (coinId: string, closes: readonly (number | undefined)[], more: (i: number) => object = () => ({})) =>
  closes.flatMap((close, i) =>
    close === undefined
      ? []
      : [aBar({ coinId, time: MONDAY + i * MINUTE, close: String(close), high: '999', low: '1', ...more(i) })],
  )
const detect = (coin: string, query: object = {}) => dsl.detectPriceAnomalies({ coin, timeframe: '1m', window: 20, ...query })

describe('the robust spread', () => {
  it('is 1.4826 times the median absolute deviation, which an outlier does not move', () => {
    // Deviations from the median 2: 1 1 0 0 2 4 7, their median 1 (the textbook example 1 1 2 2 4 6 9).
    expect(spreadOf(Float64Array.of(1, 1, 2, 2, 4, 6, 9))).toEqual({ median: 2, sigma: 1.482602218505602 })
    expect(spreadOf(Float64Array.of(1, 1, 2, 2, 4, 6, 1e9)).sigma).toBe(1.482602218505602)
  })

  it('is the mean absolute deviation times √(π/2) if most values are equal', () => {
    expect(spreadOf(Float64Array.of(0, 0, 0, 0, 4)).sigma).toBeCloseTo(0.8 * Math.sqrt(Math.PI / 2), 12)
    expect(spreadOf(Float64Array.of(3, 3, 3)).sigma).toBe(0)
  })
})

describe('anomalies', () => {
  const jump = Array.from({ length: 40 }, (_, i) => (i === 30 ? 103 : swinging(i)))

  it('are returns far from those before, with score and expected band', async () => {
    await dsl.storeOHLCV(bars('jump', jump))
    const { anomalies, examined, missing } = await detect('jump')
    expect([examined, missing]).toEqual([19, 0])
    // The move up and the move back.
    expect(anomalies.map(({ time }) => (time - MONDAY) / MINUTE)).toEqual([30, 31])
    const [up] = anomalies
    const sigma = 1.482602218505602 * Math.log(1.001)
    expect(up).toMatchObject({ close: '103', previousClose: '100.1', span: 1 })
    expect(up?.logReturn).toBeCloseTo(Math.log(103 / 100.1), 12)
    expect(up?.score).toBeCloseTo(Math.log(103 / 100.1) / sigma, 6)
    expect(up?.upper).toBeCloseTo(100.1 * Math.exp(5 * sigma), 6)
    expect(up?.lower).toBeCloseTo(100.1 * Math.exp(-5 * sigma), 6)
    expect((await detect('jump', { threshold: 100 })).anomalies).toEqual([])
  })

  it('are not caused by missing bars: over a hole a price may move by the square root of time', async () => {
    const closes: (number | undefined)[] = Array.from({ length: 100 }, (_, i) => swinging(i))
    for (let i = 50; i < 86; i++) closes[i] = undefined
    // Six times a usual step: an anomaly over one bucket, but not over 37.
    closes[86] = 100.1 * Math.exp(6 * 1.4826 * Math.log(1.001))
    for (let i = 87; i < 100; i++) closes[i] = closes[86] * (i % 2 ? 1.001 : 1)
    await dsl.storeOHLCV(bars('hole', closes))
    expect((await detect('hole')).anomalies).toEqual([])
  })

  it('count filled bars as missing: after many repeats a usual move does not stand out', async () => {
    const closes = Array.from({ length: 200 }, (_, i) => (i < 60 || i >= 160 ? swinging(i) : 100.1))
    await dsl.storeOHLCV(bars('filled', closes, (i) => (i >= 60 && i < 160 ? { builtFrom: 'filled' } : {})))
    expect((await detect('filled')).anomalies).toEqual([])
  })

  it('include any move after a window without movement, without a score', async () => {
    await dsl.storeOHLCV(
      bars(
        'calm',
        Array.from({ length: 30 }, (_, i) => (i === 29 ? 100.5 : 100)),
      ),
    )
    const { anomalies } = await detect('calm')
    expect(anomalies).toMatchObject([{ close: '100.5', expected: 100, lower: 100, upper: 100 }])
    expect(anomalies[0]).not.toHaveProperty('score')
  })

  it('need enough candles; the answer says how many are missing', async () => {
    await dsl.storeOHLCV(bars('young', [1, 2, 3]))
    expect(await detect('young')).toMatchObject({ examined: 0, missing: 19, anomalies: [] })
  })

  it('of a range are compared with the candles before the range', async () => {
    await dsl.storeOHLCV(bars('jump', jump))
    const whole = await detect('jump')
    const part = await detect('jump', { from: MONDAY + 30 * MINUTE, to: MONDAY + 31 * MINUTE })
    expect(part.examined).toBe(1)
    expect(part.anomalies).toEqual(whole.anomalies.slice(0, 1))
  })
})
