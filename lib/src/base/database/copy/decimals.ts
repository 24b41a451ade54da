import { MOST_DECIMALS, QiError } from '../../types/index.ts'
import { NUMERIC_BYTES, NUMERIC_OID, putNumeric } from './numeric.ts'

/** Bytes before the elements of a one-dimensional array. */
export const ARRAY_HEAD = 20
/** Bytes of an array without elements, which has no dimension. */
export const EMPTY_ARRAY = 12

/** Most bytes of a list in binary form. */
export const decimalsBytes = (list: unknown): number =>
  ARRAY_HEAD + (Array.isArray(list) ? Math.min(list.length, MOST_DECIMALS) : 0) * (4 + NUMERIC_BYTES)

/**
 * Writes PostgreSQL's binary `numeric[]`: dimensions, a flag for nulls, the type of the elements, length and lower bound; then each element
 * with its length.
 * @returns the position after it
 * @throws QiError BAD_DATA if it is no list of plain decimals
 */
export function putDecimals(list: readonly string[], out: Buffer, at: number): number {
  if (!Array.isArray(list)) throw new QiError('BAD_DATA', `expected a list, not ${JSON.stringify(list) ?? 'nothing'}`)
  if (list.length > MOST_DECIMALS) throw new QiError('BAD_DATA', `has ${list.length} figures: expected at most ${MOST_DECIMALS}`)
  out.writeInt32BE(list.length === 0 ? 0 : 1, at)
  out.writeInt32BE(0, at + 4)
  out.writeInt32BE(NUMERIC_OID, at + 8)
  if (list.length === 0) return at + EMPTY_ARRAY
  out.writeInt32BE(list.length, at + 12)
  out.writeInt32BE(1, at + 16)
  let to = at + ARRAY_HEAD
  for (const text of list) {
    if (typeof text !== 'string') throw new QiError('BAD_DATA', `expected a string, not ${JSON.stringify(text) ?? 'nothing'}`)
    const end = putNumeric(text, out, to + 4)
    out.writeInt32BE(end - to - 4, to)
    to = end
  }
  return to
}
