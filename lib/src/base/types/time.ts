import { QiError } from './errors.ts'

/** Microseconds since 1970-01-01T00:00:00Z, an integer; exact in a number until the year 2255. */
export type Micros = number

export const MICROS_PER_SECOND = 1_000_000

const ISO = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})0*)?([Zz]|[+-]\d\d(?::?\d\d)?)$/
/** Beyond it microseconds no longer fit a number exactly. */
const MAX = Number.MAX_SAFE_INTEGER

/**
 * Microseconds of an ISO 8601 time with a zone; up to six decimals of a second (more are refused unless they are zeros).
 * @throws QiError BAD_DATA
 */
export function parseTime(text: string): Micros {
  const m = ISO.exec(text)
  // Date.parse accepts 31 February and the like by rolling over: a round trip finds them out.
  const zone = m?.[4]?.toUpperCase() === 'Z' ? 'Z' : m?.[4]
  const wall = m ? Date.parse(`${m[1]}T${m[2]}Z`) : Number.NaN
  if (!m || Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 19) !== `${m[1]}T${m[2]}`)
    throw new QiError('BAD_DATA', `"${text.slice(0, 40)}" is not a time such as 2026-01-31T12:00:00.000001Z`)
  const micros = (wall - offsetMillis(zone as string)) * 1000 + Number((m[3] ?? '').padEnd(6, '0'))
  return checkMicros(micros)
}

/** `2026-01-31T12:00:00.000001Z`: ISO 8601 in UTC with as many decimals, up to six, as it needs. */
export function formatTime(time: Micros): string {
  checkMicros(time)
  const millis = Math.floor(time / 1000)
  const fraction = time - Math.floor(time / MICROS_PER_SECOND) * MICROS_PER_SECOND
  const seconds = new Date(millis).toISOString().slice(0, 19)
  return fraction === 0 ? `${seconds}Z` : `${seconds}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`
}

/** Now; the clock of JavaScript counts milliseconds, so the last three digits are 0. */
export const nowMicros = (): Micros => Date.now() * 1000

export const fromMillis = (millis: number): Micros => checkMicros(Math.round(millis * 1000))

/** @throws QiError BAD_DATA unless it is an integer between the years 1 and 2255 */
export function checkMicros(time: number): Micros {
  if (!Number.isInteger(time) || time > MAX || time < -62_135_596_800_000_000)
    throw new QiError('BAD_DATA', `${time} is not a time in integer microseconds since 1970`)
  return time
}

function offsetMillis(zone: string): number {
  if (zone === 'Z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.slice(1).replace(':', '')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4) || 0)) * 60_000
}
