import { QiError } from './errors.ts'
import { formatTime, type Micros, parseTime } from './time.ts'

/** Units of a time that is counted since 1970. */
export const EPOCH_UNITS = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const
export type EpochUnit = (typeof EPOCH_UNITS)[number]

/** Notations of times that other programs write; `epoch` tells the unit of a count apart by its magnitude. */
export const TIME_NOTATIONS = ['iso', 'd-m-y', 'm/d/y', ...EPOCH_UNITS, 'epoch'] as const
export type TimeNotation = (typeof TIME_NOTATIONS)[number]

const CLOCK = String.raw`(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?`
const ISO = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)${CLOCK}$`, 'i')
const DAY_FIRST = new RegExp(String.raw`^(\d{1,2})[-./](\d{1,2})[-./](\d{4})${CLOCK}$`, 'i')
const COUNT = /^(\d{1,19})(?:\.(\d{1,9}))?$/

/** 1971-01-01 and the last microsecond that a number holds exactly. A count outside is taken to be of another unit. */
const EARLIEST_COUNT: Micros = 31_536_000_000_000
const LATEST_COUNT: Micros = Number.MAX_SAFE_INTEGER
/** Digits that a count is shifted by to become microseconds. */
const SHIFT: Readonly<Record<EpochUnit, number>> = { seconds: 6, milliseconds: 3, microseconds: 0, nanoseconds: -3 }

/**
 * The moment that a text from outside means: the one reader of times of files, parameters, settings and recordings.
 *
 * `iso`, `d-m-y` and `m/d/y`: a date, or a date with a time of day; without a zone it is UTC, whatever the machine's zone. Counts since
 * 1970: between 1971 and 2255, so that microseconds are never taken for milliseconds. Six decimals of a second are kept; more are
 * refused unless they are zeros.
 * @throws QiError BAD_DATA
 */
export function readMoment(text: string, notation: TimeNotation = 'iso'): Micros {
  const trimmed = text.trim()
  if (notation === 'epoch') return countOfAnyUnit(trimmed)
  if (notation === 'iso' || notation === 'd-m-y' || notation === 'm/d/y') return written(trimmed, notation)
  return counted(trimmed, notation)
}

const EXAMPLES = { iso: '2026-01-31T12:00:00Z or 2026-01-31', 'd-m-y': '31-01-2026 12:00:00', 'm/d/y': '01/31/2026 12:00:00' }

function written(text: string, notation: keyof typeof EXAMPLES): Micros {
  const m = (notation === 'iso' ? ISO : DAY_FIRST).exec(text)
  if (!m) throw new QiError('BAD_DATA', `"${text.slice(0, 40)}" is not a time such as ${EXAMPLES[notation]}`)
  const [, first, second, third, clock = '00:00', zone = 'Z'] = m as unknown as [string, string, string, string, string?, string?]
  const [year, month, day] =
    notation === 'iso' ? [first, second, third] : notation === 'd-m-y' ? [third, second, first] : [third, first, second]
  const offset = /^(?:z|utc|gmt)$/i.test(zone) ? 'Z' : zone
  return parseTime(
    `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${clock.length === 5 ? `${clock}:00` : clock}${offset}`,
  )
}

/** @throws QiError BAD_DATA */
function counted(text: string, unit: EpochUnit): Micros {
  const micros = scaled(text, unit)
  if (isPlausible(micros)) return micros
  const other = EPOCH_UNITS.find((one) => isPlausible(scaled(text, one)))
  const hint = other ? `; it looks like ${other}` : ''
  throw new QiError('BAD_DATA', `"${text}" ${unit} since 1970 is no time between 1971 and 2255${hint}`)
}

function countOfAnyUnit(text: string): Micros {
  const unit = EPOCH_UNITS.find((one) => COUNT.test(text) && isPlausible(Number(shifted(text, one).micros)))
  if (unit) return counted(text, unit)
  throw new QiError(
    'BAD_DATA',
    `"${text.slice(0, 40)}" is not a time between 1971 and 2255 in seconds, milliseconds, microseconds or nanoseconds since 1970`,
  )
}

const isPlausible = (micros: number): boolean => micros >= EARLIEST_COUNT && micros <= LATEST_COUNT

/** @throws QiError BAD_DATA */
function scaled(text: string, unit: EpochUnit): number {
  const { micros, finer } = shifted(text, unit)
  if (/[1-9]/.test(finer))
    throw new QiError('BAD_DATA', `"${text}" ${unit} since 1970 is finer than a microsecond, which would be lost`)
  return Number(micros)
}

/** Moves the point within the text, since a float of seconds has no exact microseconds. @throws QiError BAD_DATA */
function shifted(text: string, unit: EpochUnit): { readonly micros: string; readonly finer: string } {
  const m = COUNT.exec(text)
  if (!m) throw new QiError('BAD_DATA', `"${text.slice(0, 40)}" is not a time in ${unit} since 1970`)
  const digits = `${m[1]}${(m[2] ?? '').padEnd(9, '0')}`
  const end = Math.max(0, digits.length - 9 + SHIFT[unit])
  return { micros: digits.slice(0, end), finer: digits.slice(end) }
}

/** The moment of a count since 1970 that came as a number. @throws QiError BAD_DATA outside of 1971 to 2255 */
export function epochMoment(count: number, unit: EpochUnit): Micros {
  return counted(String(count), unit)
}

const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The moment of an HTTP date, such as `Sat, 15 May 2021 16:00:13 GMT`. @throws QiError BAD_DATA */
export function readHttpDate(text: string): Micros {
  const [, day, name = '', year, clock] = HTTP_DATE.exec(text.trim()) ?? []
  const month = MONTHS.indexOf(name) + 1
  if (month === 0) throw new QiError('BAD_DATA', `"${text.slice(0, 40)}" is not a date such as Sat, 15 May 2021 16:00:13 GMT`)
  return parseTime(`${year}-${String(month).padStart(2, '0')}-${day}T${clock}Z`)
}

/** When an interaction was recorded: ISO 8601, or the date of its HTTP answer. @throws QiError BAD_DATA */
export function readRecordedAt(text: string): Micros {
  try {
    return /^[A-Z][a-z]{2},/.test(text.trim()) ? readHttpDate(text) : readMoment(text)
  } catch (error) {
    throw new QiError('BAD_DATA', `recorded_at: ${(error as Error).message}`, { field: 'recorded_at', cause: error })
  }
}

/** A moment as text for messages; a number that is none is shown as it is. */
export function momentText(time: number): string {
  try {
    return formatTime(time)
  } catch {
    return String(time)
  }
}
