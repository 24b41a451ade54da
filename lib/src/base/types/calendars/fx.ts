import type { Span } from '../spans.ts'
import type { Micros } from '../time.ts'
import type { Calendar } from './Calendar.ts'
import { dateOf, momentOf } from './zone.ts'

const DAY: Micros = 86_400_000_000
const ZONE = 'America/New_York'
/** 17:00, in minutes since midnight. */
const TURN = 17 * 60

/** When the trading day of a date begins: at 17:00 in New York on the day before. */
const dayStart = (date: Micros): Micros => momentOf(ZONE, date - DAY, TURN)

/** Foreign exchange: open from Sunday 17:00 to Friday 17:00 in New York. */
export const FX: Calendar = { name: 'fx', always: false, spans: week, dayStart }

function* week(from: Micros, to: Micros): Generator<Span> {
  const weekday = new Date(dateOf(from) / 1000).getUTCDay()
  // The week of a time on Saturday or Sunday is over or begins soon: both are looked at.
  for (let monday = dateOf(from) - ((weekday + 6) % 7) * DAY; ; monday += 7 * DAY) {
    const open = { from: dayStart(monday), to: dayStart(monday + 5 * DAY) }
    if (open.from >= to) return
    const cut = { from: Math.max(from, open.from), to: Math.min(to, open.to) }
    if (cut.from < cut.to) yield cut
  }
}
