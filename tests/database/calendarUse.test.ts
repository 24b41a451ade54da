import { expect, test } from 'vitest'
import { checkCalendars, examineCalendar } from '../../app/cli/doctor/calendars.ts'
import { Coverage } from '../../lib/src/base/database/index.ts'
import { parseTime } from '../../lib/src/base/types/index.ts'
import { aBar } from './records.ts'
import { testStore } from './testStore.ts'

const at = parseTime
const DAY = 86_400_000_000

test('doctor names the calendars of stored series', async () => {
  const store = await testStore()
  const coverage = await Coverage.open(store.pool)
  await coverage.introduce('stocks', { calendar: 'XNYS' })
  await coverage.introduce('coins', {})
  const times = [at('1999-06-01T00:00:00Z'), at('2025-06-02T00:00:00Z')]
  await store.dsl.storeOHLCV(
    ['stocks', 'coins'].flatMap((source) =>
      times.map((time) => aBar({ coinId: 'AAPL:XNAS', source, time, timeframe: '1d' } as never)),
    ),
  )
  expect(await checkCalendars({ pool: store.pool, clock: { now: () => at('2026-01-05T00:00:00Z') } as never })).toEqual([
    {
      name: 'calendar XNYS',
      verdict: 'ok',
      summary: '1 series; its hours are known from 2000-01-01 to 2027-12-31: before that no gap is found',
    },
  ])
})

test.each([
  ['2027-11-01', 'ok', 'to 2027-12-31'],
  ['2027-11-02', 'unused', 'and this ends in 60 days'],
  ['2027-12-31', 'unused', 'and this ends in 1 days'],
  ['2028-01-01', 'failed', 'after that no gap is found'],
])('on %s the table of New York is %s', (date, verdict, summary) => {
  const use = { calendar: 'XNYS', series: 3, first: at('2020-01-02T00:00:00Z'), last: at('2025-01-02T00:00:00Z') }
  expect(examineCalendar(use, at(`${date}T00:00:00Z`))).toMatchObject({ verdict, summary: expect.stringContaining(summary) })
})

test('a series past the table, an unknown calendar and one without an end', () => {
  const use = { calendar: 'XNYS', series: 1, first: 0, last: at('2028-02-01T00:00:00Z') }
  expect(examineCalendar(use, use.last - 200 * DAY)).toMatchObject({ verdict: 'failed' })
  expect(examineCalendar({ ...use, calendar: 'XMOON' }, use.last)).toMatchObject({ verdict: 'failed' })
  expect(examineCalendar({ ...use, calendar: 'fx' }, use.last)).toMatchObject({ verdict: 'ok' })
})
