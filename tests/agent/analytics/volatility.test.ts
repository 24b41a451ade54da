import { describe, expect, test } from 'vitest'
import { breadths } from '../../../lib/src/consumers/agents/analytics/breadth.ts'
import { type Close, regimeOf, volatilities } from '../../../lib/src/consumers/agents/analytics/volatility.ts'

const HOUR = 3_600_000_000
const series = (closes: readonly number[]): Close[] => closes.map((close, i) => ({ time: i * HOUR, close }))
const options = { timeframe: '1h', window: 5, history: 40 } as const

/** Alternating moves up and down, in per cent. */
const swing = (count: number, pct: number): number[] => Array.from({ length: count }, (_, i) => (i % 2 ? 100 + pct : 100))

describe('volatility', () => {
  test('is extreme in large moves after small ones, and calm after them', () => {
    const storm = volatilities(series([...swing(60, 1), ...swing(8, 9)]), options)
    expect(regimeOf(storm.at(-1)?.rank as number)).toBe('extreme')
    const after = volatilities(series([...swing(60, 9), ...swing(8, 1)]), options)
    expect(regimeOf(after.at(-1)?.rank as number)).toBe('calm')
    expect([0, 0.2, 0.8, 0.95].map(regimeOf)).toEqual(['calm', 'usual', 'lively', 'extreme'])
  })

  test('of a constant price is 0, with a usual rank', () => {
    expect(volatilities(series(swing(60, 0)), options).at(-1)).toEqual({ time: 59 * HOUR, annual: 0, rank: 0.5 })
  })

  test('leaves out returns over a gap, and ranks only with enough history', () => {
    const holed = series([...swing(30, 1), 500, ...swing(30, 1)]).filter(({ close }) => close !== 500)
    expect(Math.max(...volatilities(holed, options).map(({ annual }) => annual))).toBeLessThan(2)
    expect(volatilities(series(swing(12, 1)), options).every(({ rank }) => rank === undefined)).toBe(true)
  })
})

test('breadth counts the coins with both candles, and has averages only with enough of them', () => {
  const coins = [series([1, 2, 3]), series([3, 2, 2]), series([5, 6]), [{ time: 2 * HOUR, close: 1 }]]
  expect(breadths(coins, '1h', 3)).toEqual([
    { time: HOUR, advancers: 2, decliners: 1, unchanged: 0, breadth: 1 / 3 },
    { time: 2 * HOUR, advancers: 1, decliners: 0, unchanged: 1, breadth: 0.5, aboveAverage: 0.5 },
  ])
})
