import { QiError } from './errors.ts'
import { readMoment } from './moment.ts'
import { MICROS_PER_SECOND, type Micros, nowMicros } from './time.ts'

const SECONDS = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 } as const
const DAY = SECONDS.d * MICROS_PER_SECOND

/** So many digits of each unit: at most about 80 years ago, however it is put together. */
const AGO = String.raw`-(?=\d)(\d{1,3}w)?(\d{1,4}d)?(\d{1,5}h)?(\d{1,7}m)?(\d{1,8}s)?`
const RELATIVE = new RegExp(`^${AGO}$`)
const WORDS: Readonly<Record<string, (now: Micros) => Micros>> = {
  now: (now) => now,
  today: startOfDay,
  yesterday: (now) => startOfDay(now) - DAY,
}

/** Matches what {@link readAskedTime} takes besides dates and ISO 8601 times; for JSON Schemas. */
export const RELATIVE_TIME_PATTERN = `^(${Object.keys(WORDS).join('|')}|${AGO})$`

/** Says in help and errors how a time may be written. */
export const ASKED_TIME_FORMS = '2026-01-31, 2026-01-31T12:00:00Z, -7d, -1h30m, yesterday, today or now'

/**
 * The moment that a person or a program asks about, in a command, a URL, a message or a call of a tool. One grammar for all of them:
 *
 * - a date or an ISO 8601 time, as {@link readMoment} takes it; UTC unless it names a zone;
 * - so long before now: `-` and weeks, days, hours, minutes and seconds, in this order, each at most once: `-7d`, `-90m`, `-1h30m`, `-2w`;
 * - `now`, and `today` and `yesterday`, which are the begin of that day in UTC.
 *
 * Imported files, recordings and settings are read by {@link readMoment}: there a time must not depend on when it is read.
 * @throws QiError BAD_DATA
 */
export function readAskedTime(text: string, now: Micros = nowMicros()): Micros {
  const trimmed = text.trim()
  const word = WORDS[trimmed.toLowerCase()]
  if (word) return word(now)
  const ago = RELATIVE.exec(trimmed)
  if (ago) return now - secondsOf(ago.slice(1)) * MICROS_PER_SECOND
  if (/^\d{4}-/.test(trimmed)) return readMoment(trimmed)
  throw new QiError('BAD_DATA', `"${trimmed.slice(0, 40)}" is not a time such as ${ASKED_TIME_FORMS}${hint(trimmed)}`)
}

/** A function declaration, since the table of words stands above it. */
function startOfDay(now: Micros): Micros {
  return Math.floor(now / DAY) * DAY
}

const secondsOf = (parts: readonly (string | undefined)[]): number =>
  Object.values(SECONDS).reduce((sum, length, i) => sum + Number.parseInt(parts[i] ?? '0', 10) * length, 0)

/** A plus becomes a blank in a URL, so a bare length may be a time ahead as well. */
function hint(text: string): string {
  if (/^\+?\d{1,9}[wdhms]/.test(text))
    return `; for so long ago write -${text.replace('+', '').slice(0, 20)} (what lies ahead is not stored)`
  if (/^-\d/.test(text)) return '; units are w, d, h, m and s, the longest first, each once, and at most 9999 days'
  return ''
}
