import { describe, expect, it } from 'vitest'
import { compute } from '../../../lib/src/base/database/dsl/indicators/compute.ts'
import { type Candle, type IndicatorName, indicatorOf } from '../../../lib/src/base/database/index.ts'
import { decimal } from '../../../lib/src/base/types/index.ts'
import { aCandle, MINUTE, MONDAY } from '../records.ts'

type Params = Record<string, unknown>

const bars = (closes: readonly (number | string)[], more: (i: number) => object = () => ({})): Candle[] =>
  closes.map((close, i) =>
    aCandle({ time: MONDAY + i * MINUTE, close: String(close), high: String(close), low: String(close), ...more(i) }),
  )

/** Values by the index of their candle; undefined if there is none. */
function values(name: IndicatorName, params: Params, candles: readonly Candle[], value = 'value'): (number | undefined)[] {
  const points = compute(indicatorOf(name), params as never, candles)
  return candles.map(({ time }) => points.find((point) => point.time === time)?.values[value])
}
const close = (digits: number) => (value: number | undefined) => (value === undefined ? undefined : Number(value.toFixed(digits)))

describe('SMA', () => {
  it('is the mean of the last n closes, and undefined before there are n', () => {
    expect(values('sma', { period: 3 }, bars([1, 2, 6, 3, 9]))).toEqual([undefined, undefined, 3, 11 / 3, 6])
  })
})

describe('EMA', () => {
  it('weighs the newest close by 2 / (n + 1), and begins with the first', () => {
    // a = 1/2: 2, then (4 + 2)/2 = 3, (8 + 3)/2 = 5.5, (1 + 5.5)/2 = 3.25
    expect(values('ema', { period: 3 }, bars([2, 4, 8, 1]))).toEqual([undefined, undefined, 5.5, 3.25])
  })
})

describe('RSI', () => {
  it('follows the worked example of ChartSchool (QQQQ, 14 periods, Wilder smoothing)', () => {
    const closes = [
      44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.614, 46.282,
      46.282, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783,
      44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
    ]
    const published = [
      70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87, 45.46, 37.3, 33.08,
      37.77,
    ]
    const found = values('rsi', { period: 14 }, bars(closes))
    expect(found.slice(0, 14)).toEqual(Array(14).fill(undefined))
    expect(found.slice(14).map(close(2))).toEqual(published)
  })

  it('is 100 without losses and 0 without gains', () => {
    expect(values('rsi', { period: 2 }, bars([1, 2, 3])).at(-1)).toBe(100)
    expect(values('rsi', { period: 2 }, bars([3, 2, 1])).at(-1)).toBe(0)
  })
})

describe('MACD', () => {
  const params = { fast: 2, slow: 3, signal: 2 }

  it('is the difference of two averages, its signal an average of it; undefined before slow + signal - 1 candles', () => {
    // EMA2 (a = 2/3): 3, 5, 25/3, 67/9, …; EMA3 (a = 1/2): 3, 4.5, 7.25, 7.125
    const candles = bars([3, 6, 10, 7])
    const fast = [3, 5, 25 / 3, 67 / 9]
    const slow = [3, 4.5, 7.25, 7.125]
    const macd = [2, 3].map((i) => (fast[i] as number) - (slow[i] as number)) as [number, number]
    const signal = macd[0] + (2 / 3) * (macd[1] - macd[0])
    expect(values('macd', params, candles, 'macd').map(close(12))).toEqual([undefined, undefined, undefined, close(12)(macd[1])])
    expect(values('macd', params, candles, 'signal').map(close(12)).at(-1)).toBe(close(12)(signal))
    expect(values('macd', params, candles, 'histogram').map(close(12)).at(-1)).toBe(close(12)(macd[1] - signal))
  })
})

describe('Bollinger bands', () => {
  it('lie k standard deviations about the mean; the deviation is divided by n', () => {
    // The classic: mean 5, standard deviation 2.
    const candles = bars([2, 4, 4, 4, 5, 5, 7, 9])
    const [lower, middle, upper] = ['lower', 'middle', 'upper'].map((name) =>
      values('bollinger', { period: 8, deviations: 2 }, candles, name).at(-1),
    )
    expect([lower, middle, upper]).toEqual([1, 5, 9])
    expect(values('bollinger', { period: 8, deviations: 2 }, candles, 'middle').slice(0, 7)).toEqual(Array(7).fill(undefined))
  })
})

describe('VWAP', () => {
  it('is the mean typical price, weighted by volume, restarted each day', () => {
    const day = 24 * 60 * MINUTE
    const candles = [
      aCandle({ time: MONDAY, high: '12', low: '9', close: '9', volume: decimal('1') }), // typical 10
      aCandle({ time: MONDAY + MINUTE, high: '24', low: '18', close: '18', volume: decimal('3') }), // typical 20
      aCandle({ time: MONDAY + 2 * MINUTE, high: '99', low: '99', close: '99' }), // no volume
      aCandle({ time: MONDAY + 3 * MINUTE, high: '99', low: '99', close: '99', volume: decimal('0') }),
      aCandle({ time: MONDAY + day, high: '6', low: '6', close: '6', volume: decimal('2') }),
    ]
    expect(values('vwap', { anchor: 'day' }, candles)).toEqual([10, 17.5, undefined, 17.5, 6])
    expect(values('vwap', { anchor: 'range' }, candles).at(-1)).toBe((10 + 60 + 12) / 6)
  })
})
