import { QiError } from '../../types/index.ts'

/** Where a page ended, as a text that means nothing to its holder. */
export const toCursor = (place: readonly string[]): string => Buffer.from(JSON.stringify(place)).toString('base64url')

/** @throws QiError BAD_REQUEST when it is none of ours */
export function fromCursor(cursor: string | undefined, parts: number): readonly string[] | undefined {
  if (cursor === undefined) return undefined
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(place) && place.length === parts && place.every(isText)) return place
  } catch {
    // Reported below.
  }
  throw new QiError(
    'BAD_REQUEST',
    `after: "${cursor.slice(0, 40)}" is not the \`next\` of a page of this list; leave it out to begin with the first`,
    {
      field: 'after',
    },
  )
}

/** PostgreSQL has no text with a NUL. */
const isText = (part: unknown): part is string => typeof part === 'string' && !part.includes('\0')
