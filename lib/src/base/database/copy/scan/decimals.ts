import { MOST_DECIMALS } from '../../../types/index.ts'
import { ARRAY_HEAD, EMPTY_ARRAY } from '../decimals.ts'
import { NUMERIC_OID } from '../numeric.ts'
import { CLOSE_LIST, COMMA, OPEN_LIST, QUOTE, type ScanCursor } from './cursor.ts'
import { DECIMAL_BYTES, scanDecimal } from './decimal.ts'

/** Most bytes of a field. */
export const DECIMALS_BYTES = 4 + ARRAY_HEAD + MOST_DECIMALS * DECIMAL_BYTES

/** Scans a list of decimal strings into PostgreSQL's binary `numeric[]`. */
export function scanDecimals(c: ScanCursor): boolean {
  const { bytes, view, to } = c
  if (bytes[c.at++] !== OPEN_LIST) return false
  c.skipSpace()
  const head = to + 4
  let count = 0
  if (bytes[c.at] === CLOSE_LIST) {
    c.at++
    c.to = head + EMPTY_ARRAY
  } else {
    c.to = head + ARRAY_HEAD
    for (;;) {
      if (count++ === MOST_DECIMALS || bytes[c.at++] !== QUOTE || !scanDecimal(c)) return false
      c.skipSpace()
      const byte = bytes[c.at++]
      if (byte === CLOSE_LIST) break
      if (byte !== COMMA) return false
      c.skipSpace()
    }
    view.setInt32(head + 12, count)
    view.setInt32(head + 16, 1)
  }
  view.setInt32(to, c.to - head)
  view.setInt32(head, count === 0 ? 0 : 1)
  view.setInt32(head + 4, 0)
  view.setInt32(head + 8, NUMERIC_OID)
  return true
}

/** Number of elements of a written list. @param field position of its length */
export const writtenCount = (view: DataView, field: number): number =>
  view.getInt32(field + 4) === 0 ? 0 : view.getInt32(field + 16)

/** Position of the length of the first element of a written list that has one. */
export const firstElement = (field: number): number => field + 4 + ARRAY_HEAD

/** Position of the length of the element after the one at `element`. */
export const nextElement = (view: DataView, element: number): number => element + 4 + view.getInt32(element)

const NEGATIVE = 0x4000

/** Below 0, 0 or above 0, as one numeric in canonical form compares with another; exact. @param a position of its length */
export function compareNumerics(view: DataView, a: number, b: number): number {
  const [signA, signB] = [signOf(view, a), signOf(view, b)]
  if (signA !== signB || signA === 0) return signA - signB
  const weights = view.getInt16(a + 6) - view.getInt16(b + 6)
  if (weights !== 0) return weights * signA
  const [groupsA, groupsB] = [view.getUint16(a + 4), view.getUint16(b + 4)]
  const common = Math.min(groupsA, groupsB)
  for (let i = 0, at = 12; i < common; i++, at += 2) {
    const difference = view.getUint16(a + at) - view.getUint16(b + at)
    if (difference !== 0) return difference * signA
  }
  return (groupsA - groupsB) * signA
}

const signOf = (view: DataView, at: number): -1 | 0 | 1 =>
  view.getUint16(at + 4) === 0 ? 0 : view.getUint16(at + 8) === NEGATIVE ? -1 : 1
