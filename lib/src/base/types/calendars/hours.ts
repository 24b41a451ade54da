import { type Span, union } from '../spans.ts'
import type { Micros } from '../time.ts'
import { candleOpen, type Timeframe, timeframeMicros } from '../timeframe.ts'
import type { Calendar } from './Calendar.ts'

const DAY: Micros = 86_400_000_000

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

/** The time of a bar. That of a daily bar is named by a date, whose trading day may begin before 00:00 UTC. */
export function barSpan({ dayStart }: Calendar, timeframe: Timeframe, open: Micros): Span {
  const to = open + timeframeMicros(timeframe)
  return dayStart && timeframeMicros(timeframe) >= DAY ? { from: dayStart(open), to: dayStart(to) } : { from: open, to }
}

/** The last time up to this one that names a bar: counted from the open of its session, where the market has sessions. */
export const barBefore = (calendar: Calendar, timeframe: Timeframe, time: Micros): Micros =>
  timeframeMicros(timeframe) < DAY ? barOpen(calendar, timeframe, time) : candleOpen(time, timeframe)

/** The time that names the bar of a moment. */
function barOpen(calendar: Calendar, timeframe: Timeframe, time: Micros): Micros {
  const { sessionDay } = calendar
  const length = timeframeMicros(timeframe)
  if (length >= DAY) return candleOpen(tradingDate(calendar, time), timeframe)
  if (!sessionDay) return candleOpen(time, timeframe)
  const { open } = sessionDay(time)
  return open + Math.floor((time - open) / length) * length
}

/** 00:00 UTC of the date whose trading day a moment belongs to. */
export function tradingDate({ dayStart }: Calendar, time: Micros): Micros {
  const date = Math.floor(time / DAY) * DAY
  return dayStart && time >= dayStart(date + DAY) ? date + DAY : date
}

/** The bars of a timeframe that the market is open in, of stretches that begin and end with a bar. */
export function openBars(calendar: Calendar, timeframe: Timeframe, spans: readonly Span[]): Span[] {
  if (calendar.always) return union(spans)
  const length = timeframeMicros(timeframe)
  const { dayStart } = calendar
  const asHours = dayStart && length >= DAY ? spans.map(({ from, to }) => ({ from: dayStart(from), to: dayStart(to) })) : spans
  return union(
    openHours(calendar, asHours).map(({ from, to }) => ({
      from: barOpen(calendar, timeframe, from),
      to: barOpen(calendar, timeframe, to - 1) + length,
    })),
  )
}

/** A stretch in which all bars of a length are counted from one point. */
export interface Phase extends Span {
  /** The distance of their opens from those in UTC; below 0 where trading days begin before 00:00 UTC. */
  readonly phase: Micros
}

const remembered = new WeakMap<Calendar, Map<string, readonly Phase[]>>()

/**
 * The phases of bars in a stretch, the latest first: clocks change, and with them the UTC time of a session's open.
 * @param length of the bars; of a day and more, the stretch is one of dates
 * @param origin a moment at which one opens in UTC
 */
export function* phasesOf(calendar: Calendar, length: Micros, origin: Micros, { from, to }: Span): Generator<Phase> {
  const { dayStart, sessionDay } = calendar
  if (length >= DAY ? !dayStart : !sessionDay) return yield { from, to, phase: 0 }
  let run: Phase | undefined
  for (let year = yearOf(to - 1); year >= yearOf(from); year--)
    for (const one of inYear(calendar, length, origin, year)) {
      if (run && run.phase === one.phase) {
        run = { ...run, from: one.from }
        continue
      }
      if (run) yield* cut(run, from, to)
      run = one
    }
  if (run) yield* cut(run, from, to)
}

function* cut({ phase, ...run }: Phase, from: Micros, to: Micros): Generator<Phase> {
  const some = { from: Math.max(run.from, from), to: Math.min(run.to, to), phase }
  if (some.from < some.to) yield some
}

const yearOf = (time: Micros): number => new Date(time / 1000).getUTCFullYear()

/** The phases of a year, the latest first, and of the days around it that belong to its first and last session. */
function inYear(calendar: Calendar, length: Micros, origin: Micros, year: number): readonly Phase[] {
  const known = remembered.get(calendar) ?? new Map<string, readonly Phase[]>()
  remembered.set(calendar, known)
  const name = `${length} ${origin} ${year}`
  const found = known.get(name)
  if (found) return found
  const runs: Phase[] = []
  const [begin, end] = [Date.UTC(year, 0, 1) * 1000, Date.UTC(year + 1, 0, 1) * 1000]
  for (let time = end - 1; time >= begin; ) {
    const one = dayPhase(calendar, length, origin, time)
    const last = runs.at(-1)
    const day = { ...one, from: Math.max(one.from, begin), to: Math.min(one.to, end) }
    if (last?.phase === one.phase) runs[runs.length - 1] = { ...last, from: day.from }
    else runs.push(day)
    time = day.from - 1
  }
  known.set(name, runs)
  return runs
}

function dayPhase({ dayStart, sessionDay }: Calendar, length: Micros, origin: Micros, time: Micros): Phase {
  if (length < DAY && sessionDay) {
    const { from, to, open } = sessionDay(time)
    return { from, to, phase: (((open - origin) % length) + length) % length }
  }
  const from = Math.floor(time / DAY) * DAY
  return { from, to: from + DAY, phase: dayStart ? dayStart(from) - from : 0 }
}
