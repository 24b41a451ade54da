import { COLON, MINUS, POINT, QUOTE, type ScanCursor, ZERO } from './cursor.ts'

const T = 0x54
const Z = 0x5a
const PLUS = 0x2b
const DATE_BYTES = 11
/** Days from 1970 to 2000, PostgreSQL's epoch. */
const EPOCH_DAYS = 10_957
/** The last valid time, in microseconds since 2000; as microseconds since 1970 it must fit a number exactly. */
const MAX = Number.MAX_SAFE_INTEGER - EPOCH_DAYS * 86_400_000_000
/** Microseconds per unit of the last decimal, by number of decimals. */
const UNITS = new Int32Array([1_000_000, 100_000, 10_000, 1_000, 100, 10, 1])

/** Most bytes of a field. */
export const TIME_BYTES = 4 + 8

/** Scans `2026-01-31T12:00:00.000001Z`, or with an offset instead of Z, as microseconds since 2000. */
export function scanTime(c: ScanCursor): boolean {
  const { bytes, at } = c
  const days = scanDate(c)
  const hours = two(bytes, at + 11)
  const minutes = two(bytes, at + 14)
  const seconds = two(bytes, at + 17)
  if (bytes[at + 13] !== COLON || bytes[at + 16] !== COLON) return false
  if (days === undefined || hours > 23 || minutes > 59 || seconds > 59) return false
  let i = at + 19
  let fraction = 0
  if (bytes[i] === POINT) {
    const first = ++i
    let digit = (bytes[i] as number) - ZERO
    while (digit >= 0 && digit <= 9 && i - first < 6) {
      fraction = fraction * 10 + digit
      digit = (bytes[++i] as number) - ZERO
    }
    if (i === first) return false
    fraction *= UNITS[i - first] as number
  }
  let offset = 0
  if (bytes[i] === Z) i++
  else if (bytes[i] === PLUS || bytes[i] === MINUS) {
    offset = two(bytes, i + 1) * 60 + two(bytes, i + 4)
    if (bytes[i + 3] !== COLON || offset >= INVALID) return false
    if (bytes[i] === MINUS) offset = -offset
    i += 6
  } else return false
  if (bytes[i] !== QUOTE) return false
  const second = (days * 1440 + hours * 60 + minutes - offset) * 60 + seconds
  const micros = second * 1_000_000 + fraction
  if (micros < Number.MIN_SAFE_INTEGER || micros > MAX) return false
  putMicros(c, micros)
  c.at = i + 1
  return true
}

/** Parses `2026-01-31T` to days since 2000. Usually it is the same date as last time. */
function scanDate({ bytes, input, at, date }: ScanCursor): number | undefined {
  if (at + DATE_BYTES > bytes.length) return undefined
  const [a, b, c] = [input.getInt32(at), input.getInt32(at + 4), input.getInt32(at + 7)]
  if (a === date.a && b === date.b && c === date.c) return date.days
  const year = two(bytes, at) * 100 + two(bytes, at + 2)
  const month = two(bytes, at + 5)
  const day = two(bytes, at + 8)
  if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS || bytes[at + 10] !== T) return undefined
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined
  date.a = a
  date.b = b
  date.c = c
  date.days = daysSince2000(year, month, day)
  return date.days
}

function putMicros(c: ScanCursor, micros: number): void {
  const { view, to } = c
  const high = Math.floor(micros / 0x1_0000_0000)
  view.setInt32(to, 8)
  view.setInt32(to + 4, high)
  view.setUint32(to + 8, micros - high * 0x1_0000_0000)
  c.to = to + TIME_BYTES
  if (micros > c.latest) c.latest = micros
}

/** Result of {@link two} without two digits; larger than any part of a time. */
const INVALID = 100_000

function two(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO
  const ones = (bytes[at + 1] as number) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : INVALID
}

const MONTHS = new Int32Array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])

function daysOf(year: number, month: number): number {
  if (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)) return 29
  return MONTHS[month] as number
}

/** Days of the Gregorian calendar, with years from March so that the leap day comes last (H. Hinnant, "days_from_civil"). */
function daysSince2000(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = (y / 400) | 0
  const yearOfEra = y - era * 400
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468 - EPOCH_DAYS
}

/** Converts microseconds since 1970 to microseconds since 2000. */
export const since2000 = (time: number): number => time - EPOCH_DAYS * 86_400_000_000

/** Converts microseconds since 2000 to microseconds since 1970. */
export const from2000 = (time: number): number => time + EPOCH_DAYS * 86_400_000_000

/** The time in a written field, in microseconds since 2000. */
export const writtenTime = ({ view }: ScanCursor, field: number): number =>
  view.getInt32(field + 4) * 0x1_0000_0000 + view.getUint32(field + 8)
