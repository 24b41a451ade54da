import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  candleOpen,
  checkMicros,
  formatTime,
  fromMillis,
  parseTime,
  TIMEFRAMES,
  timeframeMicros,
} from '../../lib/src/base/types/index.ts'

describe('times', () => {
  it.each([
    ['2026-01-31T12:00:00.000001Z', 1_769_860_800_000_001],
    ['1970-01-01T00:00:00Z', 0],
    ['1969-12-31T23:59:59.999999Z', -1],
    ['2024-02-29T00:00:00+00:00', 1_709_164_800_000_000],
    ['2026-01-31T12:00:00+05:30', 1_769_841_000_000_000],
    ['2026-01-31 12:00:00.5z', 1_769_860_800_500_000],
    ['2026-01-31T12:00:00.123456000Z', 1_769_860_800_123_456],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000_000],
  ])('%s is %i microseconds', (text, micros) => expect(parseTime(text)).toBe(micros))

  it.each([
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:00:60Z',
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-01-31T12:00:00.1234567Z',
    '2026-1-31T12:00:00Z',
    '',
    'now',
    '2256-01-01T00:00:00Z',
    '0000-12-31T00:00:00Z',
    '0828-05-01T00:00:00.000539Z',
  ])('%j is refused', (text) => expect(() => parseTime(text)).toThrow(expect.objectContaining({ code: 'BAD_DATA' })))

  it('are read back as written, and sort like their texts of equal length', () => {
    const micros = fc.integer({ min: -62_135_596_800_000_000, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(micros, (time) => {
        const text = formatTime(time)
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z$/)
        expect(parseTime(text)).toBe(time)
      }),
    )
  })

  it('an offset gives the same instant', () => {
    const minutes = fc.integer({ min: -14 * 60, max: 14 * 60 })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), minutes, (seconds, offset) => {
        const wall = new Date((seconds + offset * 60) * 1000).toISOString().slice(0, 19)
        const two = (n: number) => String(Math.trunc(Math.abs(n))).padStart(2, '0')
        const zone = `${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(Math.abs(offset) % 60)}`
        expect(parseTime(wall + zone)).toBe(seconds * 1e6)
      }),
    )
  })

  it('milliseconds become microseconds, and fractions are refused', () => {
    expect(fromMillis(1.5)).toBe(1500)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53])
      expect(() => checkMicros(bad)).toThrow(/integer microseconds/)
  })
})

describe('candles', () => {
  it('every moment lies in exactly one candle of a timeframe', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 4e15 }), fc.constantFrom(...TIMEFRAMES), (time, timeframe) => {
        const open = candleOpen(time, timeframe)
        const length = timeframeMicros(timeframe)
        expect(open).toBeLessThanOrEqual(time)
        expect(time).toBeLessThan(open + length)
        expect(candleOpen(open, timeframe)).toBe(open)
        expect(candleOpen(open - 1, timeframe)).toBe(open - length)
      }),
    )
  })

  it('weeks open on Monday, days at midnight UTC', () => {
    expect(formatTime(candleOpen(parseTime('2026-01-31T12:34:56Z'), '1w'))).toBe('2026-01-26T00:00:00Z')
    expect(formatTime(candleOpen(parseTime('2026-01-31T12:34:56Z'), '1d'))).toBe('2026-01-31T00:00:00Z')
    expect(formatTime(candleOpen(parseTime('2026-01-31T12:34:56Z'), '4h'))).toBe('2026-01-31T12:00:00Z')
  })
})
