import type { FieldDef } from 'pg'
import { wireTime } from '../reader.ts'

export type Cell = string | number | boolean | null

/** Types of PostgreSQL whose text has a better form in JSON; all others, exact numbers too, stay text. */
const BOOLEAN = 16
const INTEGERS: ReadonlySet<number> = new Set([20, 21, 23, 26])
const FLOATS: ReadonlySet<number> = new Set([700, 701])
const TIMESTAMPTZ = 1184

/** Values as they came off the wire. */
export const AS_TEXT = { getTypeParser: () => (text: unknown) => text } as never

/** The JSON form of a value that was sent as text; times and figures as the records on the wire have them. */
export function cellOf(type: FieldDef['dataTypeID'], text: string | null, most: number): Cell {
  if (text === null) return null
  if (type === BOOLEAN) return text === 't' || text === 'true'
  if (INTEGERS.has(type)) return Number.isSafeInteger(Number(text)) ? Number(text) : text
  if (FLOATS.has(type)) return Number.isFinite(Number(text)) ? Number(text) : text
  if (type === TIMESTAMPTZ && /^\d{4}-\d\d-\d\d .*\+00$/.test(text)) return wireTime(text)
  return text.length > most ? `${text.slice(0, most)}…` : text
}
