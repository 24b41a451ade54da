import { DATES, readDate, type WrittenDate } from './dates.ts'
import { exact, timesPowerOfTen } from './exact.ts'

interface Place {
  readonly start: number
  readonly end: number
  /** The piece of the text. */
  readonly text: string
}

/** A figure as written in a text. */
export type Written = Place &
  (
    | {
        readonly kind: 'number'
        /** Times 10^60, suffix included. */
        readonly value: bigint
        /** The power of ten of its last digit: -2 for 1.25, 4 for 1.25M. */
        readonly last: number
        readonly signed: boolean
        readonly percent: boolean
        /** Of seven days: `day`. */
        readonly duration?: Duration
        /** The word that it is part of, such as 1inch. */
        readonly word?: string
      }
    | ({ readonly kind: 'date' } & WrittenDate)
    /** In words, or in other digits: cannot be compared. */
    | { readonly kind: 'spelled' }
  )

export type Duration = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

const SCALES: Readonly<Record<string, number>> = {
  k: 3,
  thousand: 3,
  m: 6,
  mn: 6,
  million: 6,
  b: 9,
  bn: 9,
  billion: 9,
  t: 12,
  tn: 12,
  trillion: 12,
}
const PERCENT = /^(?:%|per ?cent|pct)$/i
const DURATIONS: readonly (readonly [RegExp, Duration])[] = [
  [/^(?:s|secs?|seconds?)$/i, 'second'],
  [/^(?:m|mins?|minutes?)$/, 'minute'],
  [/^(?:h|hrs?|hours?)$/i, 'hour'],
  [/^(?:d|days?)$/i, 'day'],
  [/^(?:w|weeks?)$/i, 'week'],
  [/^months?$/i, 'month'],
  [/^(?:y|years?)$/i, 'year'],
]

const NUMBER =
  /([-−–+])?([$€£¥₿])?([-−])?(\d{1,3}(?:[,'’_\u00a0\u2009\u202f]\d{3})+(?!\d)|\d+)(\.\d+)?(?:[eE]([+-]?\d{1,2})(?![\p{L}\d]))?/gu
const SUFFIX = /^(?:\s?(%)|[\s\u00a0\u202f-]?(per ?cent|\p{L}+))/iu
const SPELLED =
  /\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred)(?:[ -](?:and|point|a|zero|one|two|three|four|five|six|seven|eight|nine|ten|hundred|\w+teen|\w+ty))*[ -](?:%|per ?cent|basis points?|hundred|thousand|million|billion|trillion|(?:us )?dollars?|usd|euros?|cents?)(?!\p{L})/giu
/** Digits of other scripts, fractions and powers. */
const OTHER_DIGITS = /[^\P{N}0-9]+/gu

/** Every figure of a text, in order, without the numbers of an ordered list (1. 2. 3.). */
export function writtenFigures(text: string): Written[] {
  const found: Written[] = []
  const taken = (start: number, end: number) => found.some((other) => start < other.end && end > other.start)
  for (const pattern of DATES)
    for (const match of text.matchAll(pattern)) {
      const place = placeOf(match)
      const date = readDate(match[0])
      if (date && !taken(place.start, place.end)) found.push({ ...place, kind: 'date', ...date })
    }
  for (const pattern of [SPELLED, OTHER_DIGITS])
    for (const match of text.matchAll(pattern)) found.push({ ...placeOf(match), kind: 'spelled' })
  const lists = listNumbers(text)
  for (const match of text.matchAll(NUMBER)) {
    const place = placeOf(match)
    const digits = place.start + match[0].search(/\d/)
    if (lists.has(digits) || taken(digits, place.end)) continue
    const number = readNumber(text, match)
    if (number) found.push(number)
  }
  return found.toSorted((a, b) => a.start - b.start)
}

const placeOf = (match: RegExpExecArray): Place => ({
  start: match.index,
  end: match.index + match[0].length,
  text: match[0],
})

function readNumber(text: string, match: RegExpExecArray): Written | undefined {
  const [all, sign, currency, inner, whole = '', fraction = '', exponent = '0'] = match
  const before = text.slice(0, match.index)
  const value = exact(`${whole.replace(/\D/g, '')}${fraction}e${exponent}`)
  if (value === undefined) return { ...placeOf(match), kind: 'spelled' }
  // A dash after a word or figure joins, as in 3-5 or BTC-2.
  const joined = sign !== undefined && /[\p{L}\d)\]]$/u.test(before)
  const mark = joined ? inner : (sign ?? inner)
  const prefix = currency || sign ? '' : (/[\p{L}_][\p{L}\p{N}_-]*$/u.exec(before)?.[0] ?? '')
  const behind = text.slice(match.index + all.length)
  const suffix = SUFFIX.exec(behind)
  const unit = (suffix?.[1] ?? suffix?.[2] ?? '').toLowerCase()
  const attached = /^[\p{L}_]/u.test(behind)
  const duration = DURATIONS.find(([pattern]) => pattern.test(suffix?.[2] ?? ''))?.[1]
  const percent = PERCENT.test(unit)
  // 45m is minutes, 45 M is millions.
  const shift = percent || (duration && suffix?.[2] !== 'M') ? 0 : (SCALES[unit] ?? 0)
  const counted = percent || duration !== undefined || shift > 0
  const ordinal = /^(?:st|nd|rd|th)(?!\p{L})/iu.test(behind)
  const tail = attached && !counted && !ordinal ? (/^[\p{L}\p{N}_-]+/u.exec(behind)?.[0] ?? '') : ''
  const start = match.index + (joined ? (sign?.length ?? 0) : 0)
  const end = match.index + all.length + (counted ? (suffix?.[0].length ?? 0) : tail.length)
  const signed = mark !== undefined
  return {
    start,
    end,
    text: text.slice(start, end),
    kind: 'number',
    value: timesPowerOfTen(signed && mark !== '+' ? -value : value, shift),
    last: shift + Number(exponent) - Math.max(0, fraction.length - 1),
    signed,
    percent,
    ...(duration && suffix?.[2] !== 'M' && { duration }),
    ...((prefix || tail) && { word: prefix + text.slice(match.index, end) }),
  }
}

/** Positions of the numbers of ordered lists: first in their line, counting from 1. */
function listNumbers(text: string): ReadonlySet<number> {
  const places = new Set<number>()
  let next = 1
  for (const match of text.matchAll(/^([ \t>*-]*)(\d{1,2})[.)][ \t]/gm)) {
    const number = Number(match[2])
    if (number !== next && number !== 1) continue
    next = number + 1
    places.add(match.index + (match[1]?.length ?? 0))
  }
  return places
}
