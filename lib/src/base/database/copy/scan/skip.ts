import { CLOSE, CLOSE_LIST, COLON, COMMA, MINUS, OPEN, OPEN_LIST, POINT, QUOTE, type ScanCursor, ZERO } from './cursor.ts'

const NINE = 0x39
const PLUS = 0x2b
const ESCAPE = 0x5c
const LAST_PRINTABLE = 0x7e
const EXPONENT = 0x65
const LOWER_CASE = 0x20
const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word))
/** Most levels of nesting; deeper values are left to the slow way. */
const DEEPEST = 8

/**
 * Skips an unknown field of a JSON object, such as one added by a later version.
 * @returns false if it is not plainly JSON, or the name has an escape and may be a known one
 */
export function skipMember(c: ScanCursor, depth = 0): boolean {
  if (!skipText(c)) return false
  c.skipSpace()
  if (c.bytes[c.at++] !== COLON) return false
  c.skipSpace()
  return skipValue(c, depth)
}

function skipValue(c: ScanCursor, depth: number): boolean {
  const byte = c.bytes[c.at] as number
  if (byte === QUOTE) return skipText(c)
  if (byte === MINUS || isDigit(byte)) return skipNumber(c)
  if (byte === OPEN) return depth < DEEPEST && skipAll(c, CLOSE, skipMember, depth + 1)
  if (byte === OPEN_LIST) return depth < DEEPEST && skipAll(c, CLOSE_LIST, skipValue, depth + 1)
  return LITERALS.some((word) => skipWord(c, word))
}

/** Skips the comma-separated content of brackets, and the closing one. */
function skipAll(c: ScanCursor, end: number, skip: (c: ScanCursor, depth: number) => boolean, depth: number): boolean {
  c.at++
  c.skipSpace()
  if (c.bytes[c.at] === end) {
    c.at++
    return true
  }
  for (;;) {
    if (!skip(c, depth)) return false
    c.skipSpace()
    const byte = c.bytes[c.at++]
    if (byte === end) return true
    if (byte !== COMMA) return false
    c.skipSpace()
  }
}

function skipText(c: ScanCursor): boolean {
  const { bytes } = c
  if (bytes[c.at++] !== QUOTE) return false
  for (;;) {
    const byte = bytes[c.at++] as number
    if (byte === QUOTE) return true
    if (!(byte >= 0x20 && byte <= LAST_PRINTABLE) || byte === ESCAPE) return false
  }
}

function skipNumber(c: ScanCursor): boolean {
  const { bytes } = c
  if (bytes[c.at] === MINUS) c.at++
  if (bytes[c.at] === ZERO) c.at++
  else if (!skipDigits(c)) return false
  if (bytes[c.at] === POINT) {
    c.at++
    if (!skipDigits(c)) return false
  }
  if (((bytes[c.at] as number) | LOWER_CASE) !== EXPONENT) return true
  const sign = bytes[++c.at]
  if (sign === PLUS || sign === MINUS) c.at++
  return skipDigits(c)
}

/** Skips digits. @returns false if there is none */
function skipDigits(c: ScanCursor): boolean {
  const start = c.at
  while (isDigit(c.bytes[c.at] as number)) c.at++
  return c.at > start
}

function skipWord(c: ScanCursor, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (c.bytes[c.at + i] !== word[i]) return false
  c.at += word.length
  return true
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE
