import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ALWAYS,
  calendarOf,
  closingTime,
  openBars,
  openHours,
  openTime,
  parseTime,
  TIMEFRAMES,
  timeframeMicros,
} from '../../lib/src/base/types/index.ts'
import { ASKED, OFFICE } from '../support/calendars.ts'

const at = parseTime
const HOUR = 3_600_000_000

test('open hours leave out nights and weekends', () => {
  const week = { from: at('2026-01-09T20:00:00Z'), to: at('2026-01-12T15:00:00Z') }
  expect(openHours(OFFICE, [week])).toEqual([
    { from: week.from, to: at('2026-01-09T21:00:00Z') },
    { from: at('2026-01-12T14:30:00Z'), to: week.to },
  ])
  expect(openTime(OFFICE, week.from, week.to)).toBe(1.5 * HOUR)
})

test('a bar closes with its last session', () => {
  const day = (date: string) => ({ from: at(`${date}T00:00:00Z`), to: at(`${date}T00:00:00Z`) + 24 * HOUR })
  expect(closingTime(OFFICE, day('2026-01-09'))).toBe(at('2026-01-09T21:00:00Z'))
  expect(closingTime(OFFICE, day('2026-01-10'))).toBe(day('2026-01-10').to)
  expect(closingTime(ALWAYS, day('2026-01-09'))).toBe(day('2026-01-09').to)
})

test('bars that a session only touches are expected in full', () => {
  const day = { from: at('2026-01-09T00:00:00Z'), to: at('2026-01-10T00:00:00Z') }
  expect(openBars(OFFICE, '1h', [day])).toEqual([{ from: at('2026-01-09T14:00:00Z'), to: at('2026-01-09T21:00:00Z') }])
  expect(openBars(OFFICE, '1d', [day])).toEqual([day])
})

test('a calendar without closed hours answers as 24x7 does', () => {
  const span = fc.tuple(fc.nat(1e12), fc.integer({ min: 1, max: 1e11 })).map(([from, length]) => ({ from, to: from + length }))
  fc.assert(
    fc.property(fc.array(span, { maxLength: 8 }), fc.constantFrom(...TIMEFRAMES), (spans, timeframe) => {
      const onGrid = spans.map(({ from, to }) => {
        const length = timeframeMicros(timeframe)
        const open = Math.floor(from / length) * length + (timeframe === '1w' ? 4 * 24 * HOUR : 0)
        return { from: open, to: open + Math.ceil((to - from) / length) * length }
      })
      expect(openHours(ALWAYS, spans)).toEqual(openHours(ASKED, spans))
      expect(openBars(ALWAYS, timeframe, onGrid)).toEqual(openBars(ASKED, timeframe, onGrid))
      for (const one of spans) {
        expect(openTime(ALWAYS, one.from, one.to)).toBe(openTime(ASKED, one.from, one.to))
        expect(closingTime(ALWAYS, one)).toBe(closingTime(ASKED, one))
      }
    }),
  )
})

test('an unknown calendar is refused, and the known ones are listed', () => {
  expect(() => calendarOf('NYSE')).toThrow('calendar "NYSE": there is no such calendar; known are 24x7, fx, XNYS, XLON')
})
