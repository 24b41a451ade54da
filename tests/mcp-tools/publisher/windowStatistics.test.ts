import { expect, test } from 'vitest'
import { movingAverage, trend, volatility } from '../../../lib/src/mcp-tools/shared/windowStatistics.ts'

const HOUR = 3600 * 1e6
const hourly = (prices: readonly number[]) => prices.map((price, i) => ({ time: i * HOUR, price }))

test('the moving average is that of the last prices; the exponential one starts from that of the first', () => {
  // By hand: SMA(2) of 10, 12, 11, 15 = 13; EMA: 11 → 11·2/3 + 11/3 = 11 → 15·2/3 + 11/3 = 13.667
  const found = movingAverage(hourly([10, 12, 11, 15]), 2)
  expect(found?.sma).toBe(13)
  expect(found?.ema).toBeCloseTo(41 / 3, 12)
  expect(found?.distance_pct).toBeCloseTo((15 / 13 - 1) * 100, 12)
  expect(movingAverage(hourly([1, 2]), 3)).toBeUndefined()
})

test('volatility is the sample deviation of log returns, per year by the distance of the prices', () => {
  // Returns ln 2, −ln 2, ln 2: mean ln 2 / 3, sample variance (ln 2)² · 4/3
  const found = volatility(hourly([1, 2, 1, 2]))
  expect(found?.per_step_pct).toBeCloseTo(Math.log(2) * Math.sqrt(4 / 3) * 100, 9)
  expect(found?.per_year_pct).toBeCloseTo(Math.log(2) * Math.sqrt(4 / 3) * Math.sqrt(365 * 24) * 100, 6)
  expect(volatility(hourly([1, 2]))).toBeUndefined()
  expect(volatility([1, 2, 3].map((price) => ({ time: 5, price })))?.per_year_pct).toBeUndefined()
})

test('the trend is the slope of the logarithm: growth of 1 % an hour is found as such, noise is flat', () => {
  const grown = trend(hourly(Array.from({ length: 50 }, (_, i) => 100 * 1.01 ** i)))
  expect(grown?.direction).toBe('up')
  expect(grown?.slope_pct_per_hour).toBeCloseTo(1, 9)
  expect(grown?.r_squared).toBeCloseTo(1, 9)
  expect(trend(hourly([100, 99, 98.2, 97, 96.1]))?.direction).toBe('down')
  expect(trend(hourly([100, 101, 99, 101, 99, 100]))?.direction).toBe('flat')
  expect(trend(hourly([100, 100, 100]))).toMatchObject({ direction: 'flat', slope_pct_per_hour: 0 })
  expect(trend([1, 2, 3].map((price) => ({ time: 5, price })))).toBeUndefined()
})
