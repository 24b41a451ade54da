import {
  type Calendar,
  type HistoryWindow,
  type Micros,
  openBars,
  parseTime,
  type Timeframe,
  timeframeMicros,
} from '../../../base/types/index.ts'
import { MOST_BARS } from './TwelveDataClient.ts'

const DAY = timeframeMicros('1d')
const WEEK = timeframeMicros('1w')
/** A year whose hours every calendar knows: the grid of windows must not move with the calendars. */
const MODEL: { readonly from: Micros; readonly to: Micros } = {
  from: parseTime('2024-01-01T00:00:00Z'),
  to: parseTime('2024-12-30T00:00:00Z'),
}

const sizes = new WeakMap<Calendar, Map<Timeframe, Micros>>()

/** The length of a window that holds at most {@link MOST_BARS} bars of open hours: whole weeks, or whole days where a week has more. */
export function windowSize(calendar: Calendar, timeframe: Timeframe): Micros {
  const known = sizes.get(calendar) ?? new Map<Timeframe, Micros>()
  sizes.set(calendar, known)
  const size = known.get(timeframe) ?? sizeOf(calendar, timeframe)
  known.set(timeframe, size)
  return size
}

function sizeOf(calendar: Calendar, timeframe: Timeframe): Micros {
  const length = timeframeMicros(timeframe)
  if (length >= WEEK) return MOST_BARS * WEEK
  const most = (unit: Micros): number => {
    let bars = 0
    for (let at = MODEL.from; at < MODEL.to; at += unit)
      bars = Math.max(bars, barsIn(calendar, timeframe, at, at + unit) / length)
    return Math.max(1, bars)
  }
  const week = most(WEEK)
  return week <= MOST_BARS ? Math.floor(MOST_BARS / week) * WEEK : Math.floor(MOST_BARS / most(DAY)) * DAY
}

/** Time of the bars of a stretch, each whole. */
const barsIn = (calendar: Calendar, timeframe: Timeframe, from: Micros, to: Micros): Micros =>
  openBars(calendar, timeframe, [{ from, to }]).reduce((sum, span) => sum + span.to - span.from, 0)

/** The windows of a stretch, oldest first, cut at multiples of their size from a Monday on. */
export function* windowsOf(calendar: Calendar, timeframe: Timeframe, from: Micros, to: Micros): Generator<HistoryWindow> {
  const size = windowSize(calendar, timeframe)
  const spacing = timeframeMicros(timeframe)
  for (let at = from; at < to; ) {
    const end = Math.min(to, MODEL.from + (Math.floor((at - MODEL.from) / size) + 1) * size)
    yield { from: at, to: end, spacing }
    at = end
  }
}
