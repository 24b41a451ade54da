import { QiError } from '../../../types/index.ts'

/** The last place of a page, as opaque text. */
export const toCursor = (place: readonly string[]): string => Buffer.from(JSON.stringify(place)).toString('base64url')

/** Reads a cursor with this many parts. @throws QiError BAD_REQUEST if toCursor did not make it */
export function fromCursor(cursor: string | undefined, parts: number): readonly string[] | undefined {
  if (cursor === undefined) return undefined
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(place) && place.length === parts && place.every(isText)) return place
  } catch {
    // Reported below.
  }
  throw foreignCursor(cursor)
}

/** @returns BAD_REQUEST for a cursor of another list */
export function foreignCursor(cursor: string): QiError {
  return new QiError(
    'BAD_REQUEST',
    `after: "${cursor.slice(0, 40)}" is not the \`next\` of a page of this list; leave it out to begin with the first`,
    {
      field: 'after',
    },
  )
}

/** PostgreSQL has no text with a NUL. */
const isText = (part: unknown): part is string => typeof part === 'string' && !part.includes('\0')
