import type { Calendar, Micros, Span } from '../../lib/src/base/types/index.ts'

const HOUR = 3_600_000_000
const DAY = 24 * HOUR

/** Made up: Monday to Friday, 14:30 to 21:00 UTC. */
export const OFFICE: Calendar = { name: 'office', always: false, spans: office }

/** Never closes, and is asked all the same. */
export const ASKED: Calendar = { name: 'asked', always: false, spans: (from, to) => (from < to ? [{ from, to }] : []) }

function* office(from: Micros, to: Micros): Generator<Span> {
  for (let day = Math.floor(from / DAY) * DAY; day < to; day += DAY) {
    const weekday = new Date(day / 1000).getUTCDay()
    if (weekday === 0 || weekday === 6) continue
    const session = { from: Math.max(from, day + 14.5 * HOUR), to: Math.min(to, day + 21 * HOUR) }
    if (session.from < session.to) yield session
  }
}
