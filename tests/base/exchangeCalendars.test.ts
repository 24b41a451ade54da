import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { gapsOf } from '../../lib/src/base/database/coverage/gaps.ts'
import type { Known } from '../../lib/src/base/database/coverage/known.ts'
import {
  type Calendar,
  calendarOf,
  closingTime,
  formatTime,
  openHours,
  openTime,
  parseTime,
  type Span,
} from '../../lib/src/base/types/index.ts'

/** Figures of the Python package that the tables come from; see scripts/calendars. */
const FIGURES = JSON.parse(readFileSync(new URL('../fixtures/calendars.json', import.meta.url), 'utf8')) as {
  readonly early_closes: { readonly XNYS: string }
  readonly years: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const DAY = 86_400_000_000
const at = parseTime
const minute = (time: number): string => `${formatTime(time).slice(0, 16)}Z`
const hours = (name: string, from: string, to: string): string[] =>
  openHours(calendarOf(name), [{ from: at(from), to: at(to) }]).map((span) => `${minute(span.from)}/${minute(span.to)}`)

/** The local date of an open: no session of an exchange leaves its day. */
const dateIn = (zone: string) => {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return (time: number): string => format.format(time / 1000)
}
const ZONES: Readonly<Record<string, string>> = { XASX: 'Australia/Sydney' }

test.each(Object.entries(FIGURES.years))('%s has the hours of the package in each year', (name, years) => {
  const calendar = calendarOf(name)
  const { from, to } = calendar.known as Span
  // Only Sydney opens on the UTC day before its date.
  const dateOf = ZONES[name] ? dateIn(ZONES[name]) : (time: number) => formatTime(time).slice(0, 10)
  const sessions = Map.groupBy(calendar.spans(from - DAY, to + DAY), (span) => dateOf(span.from))
  const found = Object.fromEntries(
    [...Map.groupBy(sessions, ([date]) => date.slice(0, 4))].map(([year, days]) => {
      const lines = days.map(
        ([date, spans]) => `${date} ${spans.map((one) => `${minute(one.from)}/${minute(one.to)}`).join(',')}\n`,
      )
      const open = days.flatMap(([, spans]) => spans).reduce((sum, one) => sum + one.to - one.from, 0) / 60_000_000
      return [year, `${days.length} ${open} ${createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16)}`]
    }),
  )
  expect(found).toEqual(years)
})

test('New York closes early, mourns, and changes its clocks', () => {
  const xnys = calendarOf('XNYS')
  const { from, to } = xnys.known as Span
  const early = [...xnys.spans(from, to)].filter((span) => span.to - span.from < 6.5 * 3_600_000_000)
  expect(early.map((span) => formatTime(span.from).slice(0, 10)).join(' ')).toBe(FIGURES.early_closes.XNYS)
  expect(hours('XNYS', '2025-01-08T00:00:00Z', '2025-01-11T00:00:00Z')).toEqual([
    '2025-01-08T14:30Z/2025-01-08T21:00Z',
    '2025-01-10T14:30Z/2025-01-10T21:00Z',
  ])
  expect(hours('XNAS', '2025-11-27T00:00:00Z', '2025-11-30T00:00:00Z')).toEqual(['2025-11-28T14:30Z/2025-11-28T18:00Z'])
  expect(hours('XNYS', '2025-03-07T00:00:00Z', '2025-03-11T00:00:00Z')).toEqual([
    '2025-03-07T14:30Z/2025-03-07T21:00Z',
    '2025-03-10T13:30Z/2025-03-10T20:00Z',
  ])
  expect(hours('XNYS', '2025-10-31T00:00:00Z', '2025-11-04T00:00:00Z')).toEqual([
    '2025-10-31T13:30Z/2025-10-31T20:00Z',
    '2025-11-03T14:30Z/2025-11-03T21:00Z',
  ])
})

test('lunch breaks are closed hours', () => {
  expect(hours('XTKS', '2025-06-02T00:00:00Z', '2025-06-03T00:00:00Z')).toEqual([
    '2025-06-02T00:00Z/2025-06-02T02:30Z',
    '2025-06-02T03:30Z/2025-06-02T06:30Z',
  ])
})

test('hours are cut to the stretch', () => {
  expect(hours('XASX', '2025-01-14T23:30:00Z', '2025-01-15T02:00:00Z')).toEqual(['2025-01-14T23:30Z/2025-01-15T02:00Z'])
  expect(hours('XNYS', '2025-01-08T20:59:00Z', '2025-01-10T14:31:00Z')).toEqual([
    '2025-01-08T20:59Z/2025-01-08T21:00Z',
    '2025-01-10T14:30Z/2025-01-10T14:31Z',
  ])
})

test('foreign exchange is closed from Friday to Sunday, 17:00 in New York, winter and summer', () => {
  expect(hours('fx', '2025-03-05T00:00:00Z', '2025-03-17T00:00:00Z')).toEqual([
    '2025-03-05T00:00Z/2025-03-07T22:00Z',
    '2025-03-09T21:00Z/2025-03-14T21:00Z',
    '2025-03-16T21:00Z/2025-03-17T00:00Z',
  ])
  expect(hours('fx', '2025-03-08T00:00:00Z', '2025-03-09T21:00:00Z')).toEqual([])
  expect(hours('fx', '2025-11-02T00:00:00Z', '2025-11-02T23:00:00Z')).toEqual(['2025-11-02T22:00Z/2025-11-02T23:00Z'])
})

test('New York over the whole table: bars of the sessions leave no gap, and a session without bars is one', () => {
  const xnys = calendarOf('XNYS')
  const { from, to } = xnys.known as Span
  const sessions = [...xnys.spans(from, to)]
  const HOUR = 3_600_000_000
  const held = (timeframe: '1h' | '1d', some: readonly Span[]) =>
    some.flatMap((span) =>
      timeframe === '1d'
        ? [{ from: Math.floor(span.from / DAY) * DAY, to: (Math.floor(span.from / DAY) + 1) * DAY }]
        : [{ from: span.from, to: span.from + Math.ceil((span.to - span.from) / HOUR) * HOUR }],
    )
  for (const timeframe of ['1h', '1d'] as const) {
    const length = timeframe === '1d' ? DAY : HOUR
    const known = (bars: readonly Span[]): Known => ({
      series: { source: 'stocks', coinId: 'AAPL:XNAS', currency: 'USD', type: 'ohlcv', timeframe },
      ...{ proof: 'timeframe', first: bars[0]?.from, last: (bars.at(-1)?.to ?? 0) - length, held: bars, islands: [], empty: [] },
      ...{ emptyNumbers: [], requested: [], requestedNumbers: [], limit: 0, source: undefined, platform: undefined, outages: [] },
      ...{ calendar: xnys, now: to },
    })
    const bars = held(timeframe, sessions)
    expect(gapsOf(known(bars))).toEqual([])
    const i = 1000
    expect(gapsOf(known(bars.toSpliced(i, 1))).map(({ from, to }) => ({ from, to }))).toEqual([bars[i]])
  }
})

test('a bar of the session is final with its close, over the whole table', () => {
  const xnys = calendarOf('XNYS')
  const { from, to } = xnys.known as Span
  for (const span of xnys.spans(from, to)) {
    const day = Math.floor(span.from / DAY) * DAY
    expect(closingTime(xnys, { from: day, to: day + DAY })).toBe(span.to)
    const last = span.from + Math.floor((span.to - span.from - 1) / 3_600_000_000) * 3_600_000_000
    expect(closingTime(xnys, { from: last, to: last + 3_600_000_000 })).toBe(span.to)
  }
})

test('beyond the table no hours are known', () => {
  const calendar: Calendar = calendarOf('XNYS')
  const { from, to } = calendar.known as Span
  expect(openTime(calendar, to, to + 30 * DAY)).toBe(0)
  expect(openTime(calendar, from - 30 * DAY, from)).toBe(0)
})
