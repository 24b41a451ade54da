import type { FieldDef } from 'pg'
import { wireTime } from '../reading/RowReader.ts'

export type Cell = string | number | boolean | null

/** Type ids of PostgreSQL that become JSON numbers, booleans or wire times; all others, exact numbers too, stay text. */
const BOOLEAN = 16
const INTEGERS: ReadonlySet<number> = new Set([20, 21, 23, 26])
const FLOATS: ReadonlySet<number> = new Set([700, 701])
const TIMESTAMPTZ = 1184

/** Type parsers that keep values as text. */
export const AS_TEXT = { getTypeParser: () => (text: unknown) => text } as never

/** The JSON form of a value that was sent as text; times as in records on the wire. @param most the most characters of a text */
export function cellOf(type: FieldDef['dataTypeID'], text: string | null, most: number): Cell {
  if (text === null) return null
  if (type === BOOLEAN) return text === 't' || text === 'true'
  if (INTEGERS.has(type)) return Number.isSafeInteger(Number(text)) ? Number(text) : text
  if (FLOATS.has(type)) return Number.isFinite(Number(text)) ? Number(text) : text
  if (type === TIMESTAMPTZ && /^\d{4}-\d\d-\d\d .*\+00$/.test(text)) return wireTime(text)
  return text.length > most ? `${text.slice(0, most)}…` : text
}
