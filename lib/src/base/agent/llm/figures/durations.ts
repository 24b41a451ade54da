import { readMoment } from '../../../types/index.ts'
import type { Evidence } from './evidence.ts'
import type { Duration } from './written.ts'

const MILLIS: Readonly<Record<Duration, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_629_746_000,
  year: 31_556_952_000,
}

/** True if so many days (hours, …) lie between known times: between the ends of a range, or from a time to now. */
export function spans(
  count: number,
  unit: Duration,
  evidence: readonly Evidence[],
  asked: readonly string[],
  now: number,
): boolean {
  const within = (a: number, b: number) => {
    const exactly = Math.abs(a - b) / MILLIS[unit]
    return count === Math.round(exactly) || count === Math.floor(exactly) || count === Math.ceil(exactly - 0.01)
  }
  const bounds = [now, ...asked.map(parse)]
  if (bounds.some((a) => bounds.some((b) => a !== b && within(a, b)))) return true
  return evidence.some(({ times }) => {
    const known = times.map(parse)
    return known.some((time) => within(time, now)) || (known.length > 1 && within(Math.min(...known), Math.max(...known)))
  })
}

/** Milliseconds since 1970; NaN, which no duration matches, for a text that is no time. */
function parse(time: string): number {
  try {
    return readMoment(time) / 1000
  } catch {
    return Number.NaN
  }
}
