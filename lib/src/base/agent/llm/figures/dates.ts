/** A written date or time of day, as precise as it is written. */
export interface WrittenDate {
  /** Prefixes such as `2026-11-25T10:30`, `-11-25` where no year is named, `T10:30` where no day is; all must be known. */
  readonly parts: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const MONTH =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\.?'
const DAY = '\\d{1,2}(?:st|nd|rd|th)?'
const DAYS = `(${DAY})(?:\\s?(?:[-–—]|to|and)\\s?(${DAY}))?`

const ISO = /(?<![\d-])\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]00:?00)?)?(?![\d-])/g
const DAY_MONTH = new RegExp(`(?<![\\d.,])${DAYS}\\s+(?:of\\s+)?(${MONTH})(?:,?\\s+(\\d{4}))?(?![\\d\\p{L}])`, 'giu')
const MONTH_DAY = new RegExp(`(?<!\\p{L})(${MONTH})\\s+${DAYS}(?![\\d.,]*\\d)(?:,?\\s+(\\d{4}))?(?!\\d)`, 'giu')
const MONTH_YEAR = new RegExp(`(?<!\\p{L})(${MONTH}),?\\s+(\\d{4})(?!\\d)`, 'giu')
const CLOCK = /(?<![\d:.,])\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]\.?m\b\.?)?(?![\d:])|(?<![\d:.,$€£¥₿])\d{1,2}\s?[ap]\.?m\b\.?/gi

export const DATES: readonly RegExp[] = [ISO, DAY_MONTH, MONTH_DAY, MONTH_YEAR, CLOCK]

export function readDate(text: string): WrittenDate | undefined {
  if (/^\d{4}-/.test(text)) return { parts: [text.replace(' ', 'T').replace(/(?:\.\d+)?(?:Z|[+-]00:?00)?$/, '')] }
  const clock = /^(\d{1,2})(?::(\d\d))?(?::(\d\d))?\s?(?:([ap])\.?m\.?)?$/i.exec(text)
  if (clock) return readClock(clock)
  const month = MONTHS.findIndex((name) => new RegExp(`(?<!\\p{L})${name}`, 'iu').test(text)) + 1
  const year = /\d{4}/.exec(text)?.[0] ?? ''
  const days = [...text.replace(/\d{4}/, '').matchAll(/\d{1,2}/g)].map(([day]) => day.padStart(2, '0'))
  const parts = (days.length > 0 ? days : [undefined]).map((day) => `${year}-${two(month)}${day ? `-${day}` : ''}`)
  return { parts }
}

function readClock([, hour = '', minute, second, half]: RegExpExecArray): WrittenDate | undefined {
  const given = Number(hour)
  if (given > (half ? 12 : 24) || Number(minute ?? 0) > 59) return undefined
  const hours = half ? (given % 12) + (half.toLowerCase() === 'p' ? 12 : 0) : given
  return { parts: [`T${two(hours)}${minute === undefined ? '' : `:${minute}`}${second === undefined ? '' : `:${second}`}`] }
}

const two = (number: number): string => String(number).padStart(2, '0')

/** True if an ISO 8601 time has this part. */
export const bears = (time: string, part: string): boolean =>
  part.startsWith('-')
    ? time.slice(4).startsWith(part)
    : part.startsWith('T')
      ? time.slice(10).startsWith(part)
      : time.startsWith(part)
