import type { Micros } from '../time.ts'

const DAY: Micros = 86_400_000_000
const MINUTE: Micros = 60_000_000

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    formats.set(zone, format)
  }
  return format
}

/** How far the clocks of a zone are ahead of UTC at a moment, in microseconds. */
export function offsetAt(zone: string, time: Micros): Micros {
  const name = formatOf(zone)
    .formatToParts(time / 1000)
    .find(({ type }) => type === 'timeZoneName')?.value
  const [, sign, hours, minutes = '0'] = /^GMT(?:([+-])(\d\d)(?::(\d\d))?)?$/.exec(name ?? '') ?? []
  const ahead = (Number(hours ?? 0) * 60 + Number(minutes)) * MINUTE
  return sign === '-' ? -ahead : ahead
}

/** The moment at which the clocks of a zone show a time of a day. @param day 00:00 UTC of the date @param minutes since midnight */
export function momentOf(zone: string, day: Micros, minutes: number): Micros {
  const shown = day + minutes * MINUTE
  // Twice, since the offset changes a few hours before or after the time itself.
  return shown - offsetAt(zone, shown - offsetAt(zone, shown))
}

/** 00:00 UTC of the date of a moment. */
export const dateOf = (time: Micros): Micros => Math.floor(time / DAY) * DAY
