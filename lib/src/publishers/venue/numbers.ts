import { type Decimal, decimal, QiError } from '../../base/types/index.ts'

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** The JSON text with each number as a text, so that JSON.parse keeps all digits: one pass, a quarter of the cost of a reviver. */
export const quoteNumbers = (json: string): string =>
  json.replace(TOKEN, (token) => (token.charCodeAt(0) === 0x22 ? token : `"${token}"`))

const ZERO = 0x30
const POINT = 0x2e

/**
 * The exact decimal of a venue's text. Zeros behind the point, which venues like to send (`61837.63000000`), are cut before the check.
 * @throws QiError BAD_DATA
 */
export function figure(text: unknown): Decimal {
  if (typeof text !== 'string') throw new QiError('BAD_DATA', `figure ${JSON.stringify(text)?.slice(0, 40)} is no text`)
  const end = text.length - 1
  if (text.charCodeAt(end) !== ZERO) return decimal(text)
  const point = text.indexOf('.')
  if (point === -1) return decimal(text)
  let last = end
  while (text.charCodeAt(last) === ZERO) last--
  if (text.charCodeAt(last) === POINT) last--
  // With an exponent the zeros are no part of the fraction.
  const cut = text.slice(0, last + 1)
  return decimal(cut.includes('e') || cut.includes('E') ? text : cut)
}

/** The exact product of two decimals. @throws QiError BAD_DATA beyond 40 digits */
export function multiply(a: Decimal, b: Decimal): Decimal {
  if (a === '1') return b
  if (b === '1') return a
  const scale = scaleOf(a) + scaleOf(b)
  const product = BigInt(a.replace('.', '')) * BigInt(b.replace('.', ''))
  const digits = (product < 0n ? -product : product).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return decimal(`${product < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`)
}

const scaleOf = (value: string): number => (value.includes('.') ? value.length - value.indexOf('.') - 1 : 0)

/** A whole number of a venue, as a number or its text. @throws QiError BAD_DATA for any other, and beyond 2^53 */
export function whole(value: unknown, what: string): number {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new QiError('BAD_DATA', `${what} ${String(JSON.stringify(value)).slice(0, 40)} is no whole number below 2^53`)
}
