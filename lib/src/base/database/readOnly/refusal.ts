import { type ErrorCode, QiError } from '../../types/index.ts'

const SHOWN = 120
const BEFORE = 60

/** The error for a query, with a caret below the position. @param offset in UTF-16 units */
export function refusedAt(
  code: Extract<ErrorCode, 'BAD_REQUEST' | 'FORBIDDEN'>,
  sql: string,
  offset: number | undefined,
  problem: string,
): QiError {
  if (offset === undefined) return new QiError(code, `sql: ${problem}`, { field: 'sql' })
  const lineStart = sql.lastIndexOf('\n', offset - 1) + 1
  const lineEnd = sql.indexOf('\n', offset)
  const number = sql.slice(0, lineStart).split('\n').length
  const from = Math.max(lineStart, offset - BEFORE)
  const line = sql.slice(from, Math.min(lineEnd === -1 ? sql.length : lineEnd, from + SHOWN)).replaceAll(/\p{C}/gu, ' ')
  const characters = (start: number) => [...sql.slice(start, offset)].length
  const place = `line ${number}, column ${characters(lineStart) + 1}`
  return new QiError(code, `sql, ${place}: ${problem}\n${line}\n${' '.repeat(characters(from))}^`, { field: 'sql' })
}

/** Converts an offset in bytes of UTF-8, as the parser counts, into UTF-16 units. */
export const offsetOfByte = (sql: string, bytes: number): number => Buffer.from(sql).subarray(0, bytes).toString().length

/** Converts an offset in characters, as errors of the parser and the server count, into UTF-16 units. */
export const offsetOfCharacter = (sql: string, characters: number): number => [...sql].slice(0, characters).join('').length
