import { decimal, QiError } from '../../../base/types/index.ts'

/**
 * A price as a whole number of `10^-scale`: exact, and ordered by `<` as prices are. It is a number up to 2^53 and a BigInt beyond, never
 * both for one price, so that `===` finds equal prices. Numbers are several times faster to compare than BigInts or texts, and prices of
 * real instruments fit; JavaScript compares a number with a BigInt exactly.
 */
export type PriceKey = number | bigint

const LARGEST = Number.MAX_SAFE_INTEGER
/** The greatest power of ten that a number holds exactly with all below it. */
const MOST_POWER = 22
const POWERS = Array.from({ length: MOST_POWER + 1 }, (_, digits) => Number(`1e${digits}`))
/** The longest text on the fast path. Longer ones are checked for their number of digits by `decimal`. */
const LONGEST = 40
/** Its longest part without trailing zeros: 15 digits and a point, exact in a number on the way. */
const LONGEST_FAST = 16
const POINT = 46
const ZERO = 48
const NINE = 57

/**
 * The key of a price at this scale. Trailing zeros of the text do not count: `1.50` and `1.5` are one price.
 * @returns undefined if the price has more than `scale` decimals
 * @throws QiError BAD_DATA if the text is no decimal
 */
export function priceKey(text: string, scale: number): PriceKey | undefined {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === ZERO) end--
  if (end > LONGEST_FAST || text.charCodeAt(0) === POINT || text.length > LONGEST) return keyOfAny(text, scale)
  let value = 0
  let point = -1
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code >= ZERO && code <= NINE) value = value * 10 + (code - ZERO)
    else if (code === POINT && point < 0) point = i
    else return keyOfAny(text, scale)
  }
  // The zeros left out are decimals after a point, and tens without one.
  const decimals = point < 0 ? end - text.length : end - point - 1
  if (decimals > scale) return undefined
  if (text.length === 0 || scale - decimals > MOST_POWER) return keyOfAny(text, scale)
  const key = value * (POWERS[scale - decimals] as number)
  return key <= LARGEST ? key : keyOfAny(text, scale)
}

/** Significant decimals of a price. @throws QiError BAD_DATA if the text is no decimal */
export const decimalsOf = (text: string): number => decimal(text).split('.')[1]?.length ?? 0

/** A key in a scale that has `decimals` more decimals. */
export const rescaledKey = (key: PriceKey, decimals: number): PriceKey => compact(BigInt(key) * 10n ** BigInt(decimals))

/**
 * True for the size of a level that is gone, such as `0`, `0.00000000` or `0e-8`.
 * @throws QiError BAD_DATA if the text is no decimal, or negative
 */
export function isZeroSize(text: string): boolean {
  let zero = true
  let points = 0
  if (text.length === 0 || text.length > LONGEST || text.charCodeAt(0) === POINT) return isZeroOfAny(text)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > ZERO && code <= NINE) zero = false
    else if (code !== ZERO && (code !== POINT || ++points > 1)) return isZeroOfAny(text)
  }
  return zero
}

/** The key of any decimal: long ones, exponents, signs. */
function keyOfAny(text: string, scale: number): PriceKey | undefined {
  const [whole = '', fraction = ''] = decimal(text).split('.')
  if (fraction.length > scale) return undefined
  return compact(BigInt(whole + fraction.padEnd(scale, '0')))
}

function isZeroOfAny(text: string): boolean {
  const size = decimal(text)
  if (size.startsWith('-')) throw new QiError('BAD_DATA', `the size ${size} of a level is negative`)
  return size === '0'
}

const compact = (key: bigint): PriceKey => (key >= -LARGEST && key <= LARGEST ? Number(key) : key)
