import { QiError } from '../../types/index.ts'

/** Scratch space for base-10000 digits; 40 + 40 decimal digits need at most 20 + 1. */
const groups = new Uint16Array(64)
const ZERO = 48
const MINUS = 45
const POINT = 46

/** PostgreSQL's number of the type numeric. */
export const NUMERIC_OID = 1700
/** Most bytes of a decimal of 80 digits. */
export const NUMERIC_BYTES = 64

/**
 * Writes PostgreSQL's binary numeric: digits in base 10000, aligned to the decimal point.
 * @returns the position after it
 * @throws QiError BAD_DATA if the text is no plain decimal
 */
export function putNumeric(text: string, out: Buffer, at: number): number {
  const length = text.length
  const negative = text.charCodeAt(0) === MINUS
  const start = negative ? 1 : 0
  let point = start
  while (point < length && text.charCodeAt(point) !== POINT) point++
  const whole = point - start
  const fraction = point < length ? length - point - 1 : 0
  if (whole === 0 || whole > 40 || fraction > 40 || (point < length && fraction === 0)) throw notDecimal(text)
  let count = 0
  let i = start
  let next = start + (whole & 3 || 4) // end of the first group; groups are aligned to the point
  while (i < point) {
    let value = 0
    while (i < next) value = value * 10 + digit(text, i++)
    groups[count++] = value
    next += 4
  }
  for (i = point + 1; i < length; ) {
    let value = 0
    for (let k = 0; k < 4; k++, i++) value = value * 10 + (i < length ? digit(text, i) : 0)
    groups[count++] = value
  }
  return putGroups(out, at, count, ((whole + 3) >> 2) - 1, negative, fraction)
}

function putGroups(out: Buffer, at: number, end: number, firstWeight: number, negative: boolean, scale: number): number {
  let first = 0
  let last = end
  while (first < last && groups[first] === 0) first++
  while (last > first && groups[last - 1] === 0) last--
  const count = last - first
  const weight = count === 0 ? 0 : firstWeight - first
  out[at++] = 0
  out[at++] = count
  out[at++] = (weight >> 8) & 255
  out[at++] = weight & 255
  out[at++] = negative && count > 0 ? 0x40 : 0
  out[at++] = 0
  out[at++] = 0
  out[at++] = scale
  for (let g = first; g < last; g++) {
    const value = groups[g] as number
    out[at++] = value >> 8
    out[at++] = value & 255
  }
  return at
}

function digit(text: string, i: number): number {
  const value = text.charCodeAt(i) - ZERO
  if (value >= 0 && value <= 9) return value
  throw notDecimal(text)
}

const notDecimal = (text: string): QiError =>
  new QiError('BAD_DATA', `"${text.slice(0, 60)}" is not a plain decimal of at most 40 digits on a side`)
