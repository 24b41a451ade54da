import { MINUS, POINT, type ScanCursor, ZERO } from './cursor.ts'

/** Most digits of an integer that a number always holds exactly. */
const EXACT_DIGITS = 15
/** Powers of ten that a number holds exactly. */
const TENS = new Float64Array(23).map((_, i) => Number(`1e${i}`))

/** Most bytes of a field. */
export const NUMBER_BYTES = 4 + 8
const NULL = -1

/** Scans a non-negative integer without point or exponent as a bigint. */
export function scanInteger(c: ScanCursor): boolean {
  const { bytes, view, to } = c
  let i = c.at
  let value = 0
  let digit = (bytes[i] as number) - ZERO
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit
    digit = (bytes[++i] as number) - ZERO
  }
  const digits = i - c.at
  // JSON has no leading zeros. The caller checks the byte that follows: a point or an exponent is refused there.
  if (digits === 0 || digits > EXACT_DIGITS || (digits > 1 && bytes[c.at] === ZERO)) return false
  const high = Math.floor(value / 0x1_0000_0000)
  view.setInt32(to, 8)
  view.setInt32(to + 4, high)
  view.setUint32(to + 8, value - high * 0x1_0000_0000)
  c.at = i
  c.to = to + NUMBER_BYTES
  return true
}

/**
 * Scans a number as a double. If its digits and its power of ten are both exact, their quotient is correctly rounded, as JSON.parse rounds
 * it (W. Clinger, 1990). Any other number goes through Number(text).
 */
export function scanFloat(c: ScanCursor): boolean {
  const { bytes, at } = c
  let i = bytes[at] === MINUS ? at + 1 : at
  const start = i
  let value = 0
  let digit = (bytes[i] as number) - ZERO
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit
    digit = (bytes[++i] as number) - ZERO
  }
  let digits = i - start
  if (digits === 0 || (digits > 1 && bytes[start] === ZERO)) return false
  let decimals = 0
  if (bytes[i] === POINT) {
    const point = i
    digit = (bytes[++i] as number) - ZERO
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      digit = (bytes[++i] as number) - ZERO
    }
    decimals = i - point - 1
    if (decimals === 0) return false
    digits += decimals
  }
  if (digits > EXACT_DIGITS || decimals >= TENS.length) value = Number(latin1(bytes, start, i))
  else value /= TENS[decimals] as number
  // -0 is written as 0: both are equal, so the stored one would depend on the order of arrival.
  if (bytes[at] === MINUS && value !== 0) value = -value
  if (!Number.isFinite(value)) return false
  c.view.setInt32(c.to, 8)
  c.view.setFloat64(c.to + 4, value)
  c.at = i
  c.to += NUMBER_BYTES
  return true
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number)
  return text
}

/** Most bytes of a field. */
export const BOOLEAN_BYTES = 4 + 1
const TRUE = 0x7472_7565
const FALS = 0x6661_6c73
const NULL_WORD = 0x6e75_6c6c
const E = 0x65

export function scanBoolean(c: ScanCursor): boolean {
  const word = wordAt(c)
  const isTrue = word === TRUE
  if (!isTrue && (word !== FALS || c.bytes[c.at + 4] !== E)) return false
  c.view.setInt32(c.to, 1)
  c.out[c.to + 4] = isTrue ? 1 : 0
  c.at += isTrue ? 4 : 5
  c.to += BOOLEAN_BYTES
  return true
}

export function scanNull(c: ScanCursor): boolean {
  if (wordAt(c) !== NULL_WORD) return false
  putNull(c)
  c.at += 4
  return true
}

/** Writes NULL: a field of length -1. */
export function putNull(c: ScanCursor): void {
  c.view.setInt32(c.to, NULL)
  c.to += 4
}

function wordAt({ bytes, at }: ScanCursor): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}
