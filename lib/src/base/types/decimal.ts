import { QiError } from './errors.ts'

declare const decimalBrand: unique symbol

/**
 * An exact decimal as text: `-?digits[.digits]`, no exponent, no leading or trailing zeros, at most 40 digits on either side
 * of the point. Made by {@link decimal} alone.
 */
export type Decimal = string & { readonly [decimalBrand]: true }

/** Most digits on either side of the point. */
export const DECIMAL_DIGITS = 40

const SHAPE = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/**
 * The exact decimal that a text means, whatever its notation: `1.50` → `1.5`, `2.993e-05` → `0.00002993`, `-0.0` → `0`.
 * @throws QiError BAD_DATA when it is no decimal, or has more than 40 digits on a side; nothing is ever rounded
 */
export function decimal(text: string): Decimal {
  if (isDecimal(text)) return text
  const m = SHAPE.exec(text)
  if (!m) throw new QiError('BAD_DATA', `"${shorten(text)}" is not a decimal number`)
  const exponent = m[4] ? Number(m[4]) : 0
  let whole = m[2] as string
  let fraction = m[3] ?? ''
  if (exponent > 0) {
    whole += fraction.slice(0, exponent).padEnd(exponent, '0')
    fraction = fraction.slice(exponent)
  } else if (exponent < 0) {
    const padded = whole.padStart(-exponent, '0')
    fraction = padded.slice(padded.length + exponent) + fraction
    whole = padded.slice(0, padded.length + exponent)
  }
  whole = whole.replace(/^0+/, '')
  fraction = fraction.replace(/0+$/, '')
  if (whole.length > DECIMAL_DIGITS || fraction.length > DECIMAL_DIGITS)
    throw new QiError('BAD_DATA', `${shorten(text)} has more than ${DECIMAL_DIGITS} digits on one side of the point`)
  if (!whole && !fraction) return '0' as Decimal
  return `${m[1] === '-' ? '-' : ''}${whole || '0'}${fraction && `.${fraction}`}` as Decimal
}

const ZERO = 0x30
const NINE = 0x39
const MINUS = 0x2d
const POINT = 0x2e
/** Most characters of a canonical form: all digits, the sign and the point. */
const MOST_CHARACTERS = 2 * DECIMAL_DIGITS + 2

/** True if a text is a decimal in canonical form. By hand, because each figure of a record passes here more than once. */
export function isDecimal(text: string): text is Decimal {
  const { length } = text
  if (length === 0 || length > MOST_CHARACTERS) return false
  const start = text.charCodeAt(0) === MINUS ? 1 : 0
  const point = endOfDigits(text, start)
  if (point === start || point - start > DECIMAL_DIGITS) return false
  const leadingZero = text.charCodeAt(start) === ZERO
  if (leadingZero && point > start + 1) return false
  if (point === length) return !leadingZero || start === 0
  if (text.charCodeAt(point) !== POINT || endOfDigits(text, point + 1) !== length) return false
  const fraction = length - point - 1
  return fraction > 0 && fraction <= DECIMAL_DIGITS && text.charCodeAt(length - 1) !== ZERO
}

function endOfDigits(text: string, start: number): number {
  let at = start
  while (at < text.length && text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at++
  return at
}

/** Below 0, 0, or above 0 as `a` is less than, equal to, or greater than `b`; exact. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a === b) return 0
  const negative = a.startsWith('-')
  if (negative !== b.startsWith('-')) return negative ? -1 : 1
  const [aw = '', af = ''] = a.replace('-', '').split('.')
  const [bw = '', bf = ''] = b.replace('-', '').split('.')
  const larger = aw.length === bw.length ? (aw === bw ? af > bf : aw > bw) : aw.length > bw.length
  return larger === negative ? -1 : 1
}

/** The exact sum. @throws QiError BAD_DATA when it has more than 40 digits before the point */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(scaleOf(a), scaleOf(b))
  const sum = unscaled(a, scale) + unscaled(b, scale)
  const digits = (sum < 0n ? -sum : sum).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return decimal(`${sum < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`)
}

/** The exact difference `a` - `b`. @throws QiError BAD_DATA when it has more than 40 digits before the point */
export const subtractDecimals = (a: Decimal, b: Decimal): Decimal => addDecimals(a, negated(b))

const negated = (value: Decimal): Decimal =>
  (value === '0' ? value : value.startsWith('-') ? value.slice(1) : `-${value}`) as Decimal

const scaleOf = (value: Decimal): number => (value.includes('.') ? value.length - value.indexOf('.') - 1 : 0)
const unscaled = (value: Decimal, scale: number): bigint => BigInt(value.replace('.', '') + '0'.repeat(scale - scaleOf(value)))

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text)
