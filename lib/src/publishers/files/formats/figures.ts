import { type Decimal, decimal, type Micros, QiError } from '../../../base/types/index.ts'

const ZERO = 0x30
const POINT = 0x2e

/** The exact decimal of a cell. Zeros at its end are taken off first, the usual case, so that a check of its form is enough. @throws QiError BAD_DATA */
export function figure(text: string, name: string): Decimal {
  let end = text.length
  if (text.charCodeAt(end - 1) === ZERO && text.includes('.')) {
    while (text.charCodeAt(end - 1) === ZERO) end--
    if (text.charCodeAt(end - 1) === POINT) end--
  }
  try {
    return decimal(end === text.length ? text : text.slice(0, end))
  } catch (error) {
    throw new QiError('BAD_DATA', `${name}: ${(error as Error).message}`, { field: name, cause: error })
  }
}

/** From here on a count since 1970 is of microseconds: as milliseconds it would lie beyond the year 5000. */
const MICROSECONDS = 1e14
/** 1971 and 2255 in milliseconds. */
const EARLIEST = 31_536_000_000
const LATEST = 9_007_199_254_740

/** A time in milliseconds or microseconds since 1970, told apart by its size and cut to milliseconds. @throws QiError BAD_DATA */
export function cutToMillis(text: string, name: string): Micros {
  const count = Number(text)
  const millis = count >= MICROSECONDS ? Math.floor(count / 1000) : count
  if (!Number.isSafeInteger(count) || text.length < 11 || !(millis >= EARLIEST && millis <= LATEST))
    throw new QiError('BAD_DATA', `${name} "${text.slice(0, 40)}" is no time in milliseconds or microseconds since 1970`, {
      field: name,
    })
  return millis * 1000
}

/** A count of things. @throws QiError BAD_DATA */
export function whole(text: string, name: string): number {
  const value = Number(text)
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value
  throw new QiError('BAD_DATA', `${name} "${text.slice(0, 40)}" is not a whole number`, { field: name })
}
