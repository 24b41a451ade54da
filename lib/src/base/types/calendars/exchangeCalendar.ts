import type { Span } from '../spans.ts'
import type { Micros } from '../time.ts'
import type { Calendar, SessionDay } from './Calendar.ts'
import type { ExchangeHours } from './ExchangeHours.ts'
import { dateOf, momentOf, offsetAt } from './zone.ts'

const DAY: Micros = 86_400_000_000
const MINUTE: Micros = 60_000_000

/** The day of a trading session: 00:00 UTC of its date, and its open hours. */
interface Session {
  readonly date: Micros
  readonly spans: readonly Span[]
}

const dayOf = (text: string): Micros => Date.parse(`${text}T00:00:00Z`) * 1000
const yearOf = (time: Micros): number => new Date(time / 1000).getUTCFullYear()

/** The calendar of an exchange. Its table is read a year at a time, when somebody asks. @param name default: that of the table */
export function exchangeCalendar(hours: ExchangeHours, name = hours.name): Calendar {
  const years = new Map<number, readonly Session[]>()
  const sessionsOf = (year: number): readonly Session[] => {
    let sessions = years.get(year)
    if (!sessions) {
      sessions = readYear(hours, year)
      years.set(year, sessions)
    }
    return sessions
  }
  const known = { from: dayOf(hours.first), to: dayOf(hours.last) + DAY }

  function* spans(from: Micros, to: Micros): Generator<Span> {
    // A session may begin on the UTC day before its date.
    const until = Math.min(to + DAY, known.to)
    for (let day = Math.max(dateOf(from) - DAY, known.from); day < until; ) {
      const year = yearOf(day)
      const sessions = sessionsOf(year)
      for (let i = firstFrom(sessions, day); i < sessions.length; i++) {
        const session = sessions[i] as Session
        if (session.date >= until) return
        for (const span of session.spans) {
          const open = { from: Math.max(from, span.from), to: Math.min(to, span.to) }
          if (open.from < open.to) yield open
        }
      }
      day = Date.UTC(year + 1, 0, 1) * 1000
    }
  }
  return { name, always: false, known, spans, dayStart: dayStartOf(hours), sessionDay: sessionDayOf(hours) }
}

/** Index of the first session on or after a day. */
function firstFrom(sessions: readonly Session[], day: Micros): number {
  let low = 0
  let high = sessions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sessions[middle] as Session).date < day) low = middle + 1
    else high = middle
  }
  return low
}

/** The day of a date begins at 00:00 UTC, but where a session may begin before that: there at local midnight. */
function dayStartOf({ timezone, usual }: ExchangeHours): Calendar['dayStart'] {
  const isEarly = Object.entries(usual).some(([since, hours]) =>
    // The offset of both halves of the year, since one of them may have daylight-saving time.
    [dayOf(since), dayOf(since) + 182 * DAY].some((day) => momentOf(timezone, day, minutesOf(hours.slice(0, 4))) < day),
  )
  return isEarly ? (date) => momentOf(timezone, date, 0) : undefined
}

/** Days are remembered, since each costs three looks at the clocks of the zone. */
const MOST_DAYS = 20_000

function sessionDayOf({ timezone, usual, special }: ExchangeHours): (time: Micros) => SessionDay {
  const eras = Object.entries(usual).map(([since, hours]) => ({ since: dayOf(since), hours }))
  const others = new Map(
    Object.entries(special).flatMap(([hours, years]) =>
      Object.entries(years).flatMap(([year, days]) => days.split(' ').map((day) => [`${year}${day}`, hours] as const)),
    ),
  )
  const known = new Map<Micros, SessionDay>()
  const read = (date: Micros): SessionDay => {
    const name = new Date(date / 1000).toISOString().slice(0, 10).replaceAll('-', '')
    const hours = others.get(name) ?? (eras.findLast(({ since }) => since <= date) ?? eras[0])?.hours ?? '0000'
    const open = date - offsetAt(timezone, date + DAY / 2) + minutesOf(hours.slice(0, 4)) * MINUTE
    return { open, from: momentOf(timezone, date, 0), to: momentOf(timezone, date + DAY, 0) }
  }
  const onDate = (date: Micros): SessionDay => {
    let day = known.get(date)
    if (!day) {
      if (known.size >= MOST_DAYS) known.clear()
      day = read(date)
      known.set(date, day)
    }
    return day
  }
  return (time) => {
    const day = onDate(dateOf(time))
    return time < day.from ? onDate(dateOf(time) - DAY) : time >= day.to ? onDate(dateOf(time) + DAY) : day
  }
}

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(2))

function readYear({ timezone, first, last, usual, closed, special }: ExchangeHours, year: number): readonly Session[] {
  const isClosed = new Set(closed[year]?.split(' '))
  const others = new Map(
    Object.entries(special).flatMap(([hours, days]) => (days[year]?.split(' ') ?? []).map((day) => [day, hours] as const)),
  )
  const eras = Object.entries(usual).map(([since, hours]) => ({ since: dayOf(since), hours }))
  const sessions: Session[] = []
  const end = Math.min(Date.UTC(year + 1, 0, 1) * 1000, dayOf(last) + DAY)
  for (let date = Math.max(Date.UTC(year, 0, 1) * 1000, dayOf(first)); date < end; date += DAY) {
    const day = new Date(date / 1000)
    const name = day.toISOString().slice(5, 10).replace('-', '')
    if (day.getUTCDay() === 0 || day.getUTCDay() === 6 || isClosed.has(name)) continue
    const hours = others.get(name) ?? eras.findLast(({ since }) => since <= date)?.hours
    if (hours !== undefined) sessions.push({ date, spans: spansOf(timezone, date, hours) })
  }
  return sessions
}

/** Clocks change on Sundays, so one offset is enough for a session. */
function spansOf(zone: string, date: Micros, hours: string): Span[] {
  const midnight = date - offsetAt(zone, date + DAY / 2)
  return hours.split(',').map((span) => {
    const [from = '', to = ''] = span.split('-')
    return { from: midnight + minutesOf(from) * MINUTE, to: midnight + minutesOf(to) * MINUTE }
  })
}
