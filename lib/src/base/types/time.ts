import { QiError } from './errors.ts'

/** Microseconds since 1970-01-01T00:00:00Z, an integer; every one is exact in a number from 1685 to 2255, whole seconds before. */
export type Micros = number

export const MICROS_PER_SECOND = 1_000_000

const ISO = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})0*)?([Zz]|[+-]\d\d(?::?\d\d)?)$/
/** Beyond it microseconds no longer fit a number exactly. */
const MAX = Number.MAX_SAFE_INTEGER
/** The year 1. */
export const EARLIEST: Micros = -62_135_596_800_000_000

/**
 * Microseconds of an ISO 8601 time with a zone; up to six decimals of a second (more are refused unless they are zeros).
 * @throws QiError BAD_DATA
 */
export function parseTime(text: string): Micros {
  const plain = parsePlainTime(text)
  if (plain !== undefined) return plain
  const time = parseAnyTime(text)
  rememberDay(Math.floor(time / MICROS_PER_DAY))
  return time
}

function parseAnyTime(text: string): Micros {
  const m = ISO.exec(text)
  // Date.parse accepts 31 February and the like by rolling over: a round trip finds them out.
  const zone = m?.[4]?.toUpperCase() === 'Z' ? 'Z' : m?.[4]
  const wall = m ? Date.parse(`${m[1]}T${m[2]}Z`) : Number.NaN
  if (!m || Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 19) !== `${m[1]}T${m[2]}`)
    throw new QiError('BAD_DATA', `"${text.slice(0, 40)}" is not a time such as 2026-01-31T12:00:00.000001Z`)
  const second = (wall - offsetMillis(zone as string)) * 1000
  const fraction = Number((m[3] ?? '').padEnd(6, '0'))
  const micros = second + fraction
  if (!isMicros(micros))
    throw new QiError(
      'BAD_DATA',
      `"${text.slice(0, 40)}" lies outside of what is exact to the microsecond: use a time from the year 1 to 2255`,
    )
  if (micros - second !== fraction)
    throw new QiError('BAD_DATA', `"${text}" is too long ago for decimals of a second: before 1685 give whole seconds`)
  return micros
}

/** `2026-01-31T12:00:00.000001Z`: ISO 8601 in UTC with as many decimals, up to six, as it needs. */
export function formatTime(time: Micros): string {
  checkMicros(time)
  const second = Math.floor(time / MICROS_PER_SECOND)
  const clock = clockText(second)
  const fraction = time - second * MICROS_PER_SECOND
  if (fraction === 0) return `${clock}Z`
  const millis = Math.floor(fraction / 1000)
  const micros = fraction - millis * 1000
  return micros === 0 ? `${clock}.${TRIMMED[millis]}Z` : `${clock}.${THREE_DIGITS[millis]}${TRIMMED[micros]}Z`
}

const THREE_DIGITS = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'))
/** Without the zeros at the end. */
const TRIMMED = THREE_DIGITS.map((digits) => digits.replace(/0+$/, ''))

// Records of one second come together: its text is made once. A slot holds one second, another one of its slot replaces it.
const SECOND_SLOTS = 64
const slotSeconds = new Float64Array(SECOND_SLOTS).fill(Number.NaN)
const slotTexts: string[] = new Array<string>(SECOND_SLOTS).fill('')

/** `2026-01-31T12:00:00` of a count of seconds since 1970. */
function clockText(second: number): string {
  const slot = ((second % SECOND_SLOTS) + SECOND_SLOTS) % SECOND_SLOTS
  if (slotSeconds[slot] === second) return slotTexts[slot] as string
  const day = Math.floor(second / SECONDS_PER_DAY)
  const date = dayTexts.get(day) ?? rememberDay(day)
  const seconds = second - day * SECONDS_PER_DAY
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const text = `${date}T${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes - hours * 60]}:${TWO_DIGITS[seconds - minutes * 60]}`
  slotSeconds[slot] = second
  slotTexts[slot] = text
  return text
}

const SECONDS_PER_DAY = 86_400
const MICROS_PER_DAY = SECONDS_PER_DAY * MICROS_PER_SECOND
const TWO_DIGITS = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'))

// Times are of few days at once (one being read, and today): the calendar is asked once a day of data, not twice a record.
const dayTexts = new Map<number, string>()
const dayNumbers = new Map<string, number>()

function rememberDay(day: number): string {
  if (dayTexts.size > 1000) {
    dayTexts.clear()
    dayNumbers.clear()
  }
  const text = new Date(day * 86_400_000).toISOString().slice(0, 10)
  dayTexts.set(day, text)
  dayNumbers.set(text, day)
  return text
}

/**
 * Microseconds of a time as {@link formatTime} writes it (`Z`, at most six decimals) on a day that was read or written
 * lately; nothing for any other text, which may or may not be a time.
 */
export function parsePlainTime(text: string): Micros | undefined {
  const end = text.length - 1
  if ((end !== 19 && (end < 21 || end > 26 || text.charCodeAt(19) !== 0x2e)) || text.charCodeAt(end) !== 0x5a) return undefined
  if (text.charCodeAt(10) !== 0x54 || text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return undefined
  const day = dayNumbers.get(text.slice(0, 10))
  const hours = twoDigits(text, 11)
  const minutes = twoDigits(text, 14)
  const seconds = twoDigits(text, 17)
  if (day === undefined || !(hours < 24 && minutes < 60 && seconds < 60)) return undefined
  let fraction = 0
  let unit = MICROS_PER_SECOND
  for (let i = 20; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return undefined
    unit /= 10
    fraction += digit * unit
  }
  const time = day * MICROS_PER_DAY + (hours * 3600 + minutes * 60 + seconds) * MICROS_PER_SECOND + fraction
  return Number.isSafeInteger(time) ? time : undefined
}

/** The number of two digits at a place; NaN where they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** Now; the clock of JavaScript counts milliseconds, so the last three digits are 0. */
export const nowMicros = (): Micros => Date.now() * 1000

export const fromMillis = (millis: number): Micros => checkMicros(Math.round(millis * 1000))

/** @throws QiError BAD_DATA unless it is an integer between the years 1 and 2255 */
export function checkMicros(time: number): Micros {
  if (!isMicros(time)) throw new QiError('BAD_DATA', `${time} is not a time in integer microseconds since 1970`)
  return time
}

/** True for an integer between the years 1 and 2255. */
export const isMicros = (time: number): boolean => Number.isInteger(time) && time <= MAX && time >= EARLIEST

function offsetMillis(zone: string): number {
  if (zone === 'Z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.slice(1).replace(':', '')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4) || 0)) * 60_000
}
