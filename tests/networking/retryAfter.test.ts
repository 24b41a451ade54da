import { expect, test } from 'vitest'
import { retryAfterOf } from '../../lib/src/base/networking/index.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const HOUR = 3_600_000
const after = (value: string, date?: string) =>
  retryAfterOf(new Headers({ 'retry-after': value, ...(date !== undefined && { date }) }), NOW)

test.each([
  ['60', 60_000],
  [' 0 ', 0],
  ['1.5', 1500],
  ['31536000', HOUR],
  ['9'.repeat(400), HOUR],
  ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
  ['Thursday, 01-Jan-26 00:02:00 GMT', 120_000],
  ['Thu Jan  1 00:02:00 2026', 120_000],
  ['Fri, 31 Dec 9999 23:59:59 GMT', HOUR],
  ['Thu, 01 Jan 2025 00:02:00 GMT', undefined],
  ['-5', undefined],
  ['1e9', undefined],
  ['0x10', undefined],
  ['Infinity', undefined],
  ['soon', undefined],
  ['apples 5', undefined],
  ['2026-01-01', undefined],
])('retry-after %s is %s ms', (value, ms) => {
  expect(after(value)).toBe(ms)
})

test("a date counts from the answer's own clock, whatever ours shows", () => {
  expect(after('Sun, 01 Mar 2020 12:00:30 GMT', 'Sun, 01 Mar 2020 12:00:00 GMT')).toBe(30_000)
  expect(after('Thu, 01 Jan 2026 00:02:00 GMT', 'rubbish')).toBe(120_000)
  expect(after('45', 'Sun, 01 Mar 2020 12:00:00 GMT')).toBe(45_000)
  expect(retryAfterOf(new Headers())).toBeUndefined()
})
