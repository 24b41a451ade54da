import { type Span, union } from '../spans.ts'
import type { Micros } from '../time.ts'
import { candleOpen, type Timeframe, timeframeMicros } from '../timeframe.ts'
import type { Calendar } from './Calendar.ts'

/** The open hours of the spans. */
export const openHours = (calendar: Calendar, spans: readonly Span[]): Span[] =>
  calendar.always ? union(spans) : union(spans).flatMap(({ from, to }) => [...calendar.spans(from, to)])

/** How long the market is open within a stretch, in microseconds. */
export const openTime = (calendar: Calendar, from: Micros, to: Micros): Micros =>
  calendar.always
    ? Math.max(0, to - from)
    : openHours(calendar, [{ from, to }]).reduce((sum, span) => sum + span.to - span.from, 0)

/** When a bar that would last until `to` closes: at the end of its last open hours; `to` where it has none. */
export function closingTime(calendar: Calendar, { from, to }: Span): Micros {
  return calendar.always ? to : (openHours(calendar, [{ from, to }]).at(-1)?.to ?? to)
}

/** The bars of a timeframe that the market is open in, of stretches that lie on their grid. */
export function openBars(calendar: Calendar, timeframe: Timeframe, spans: readonly Span[]): Span[] {
  if (calendar.always) return union(spans)
  const length = timeframeMicros(timeframe)
  return union(
    openHours(calendar, spans).map(({ from, to }) => ({
      from: candleOpen(from, timeframe),
      to: candleOpen(to - 1, timeframe) + length,
    })),
  )
}
