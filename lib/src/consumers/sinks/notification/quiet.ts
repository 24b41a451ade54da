import type { Micros } from '../../../base/types/index.ts'

const MINUTE = 60_000_000
const DAY = 1440
const PATTERN = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)(?: (\S+))?$/

/** Hours of a day in which only critical alerts are sent. Minutes from midnight, up to and without `until`. */
export interface QuietHours {
  readonly from: number
  readonly until: number
  readonly timeZone: string
}

/** Parses `22:00-07:00 Europe/Berlin`, by default in UTC. @returns undefined for an invalid text */
export function parseQuiet(text: string): QuietHours | undefined {
  const [, h1, m1, h2, m2, timeZone = 'UTC'] = PATTERN.exec(text) ?? []
  const [from, until] = [Number(h1) * 60 + Number(m1), Number(h2) * 60 + Number(m2)]
  if (Number.isNaN(from) || from === until) return undefined
  try {
    minuteOfDay(0, timeZone)
  } catch {
    return undefined
  }
  return { from, until, timeZone }
}

/** The end of the quiet hours around `now`; undefined outside of them. */
export function quietUntil({ from, until, timeZone }: QuietHours, now: Micros): Micros | undefined {
  const local = minuteOfDay(now, timeZone)
  const isQuiet = from < until ? local >= from && local < until : local >= from || local < until
  if (!isQuiet) return undefined
  const start = now - (now % MINUTE)
  let end = start + ((until - local + DAY) % DAY) * MINUTE
  // Corrects the end where daylight saving time begins or ends before it.
  const off = until - minuteOfDay(end, timeZone)
  if (off !== 0 && Math.abs(off) < DAY / 2) end += off * MINUTE
  return end > now ? end : start + MINUTE
}

function minuteOfDay(time: Micros, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(time / 1000)
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  return of('hour') * 60 + of('minute')
}
