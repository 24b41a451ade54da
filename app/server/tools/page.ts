import { z } from 'zod'

/** Cursor of a list: `next` of the page before. */
export const after = z
  .string()
  .max(18)
  .regex(/^\d+$/, 'expected `next` of the page before')
  .optional()
  .describe('`next` of the page before')

/** The field of an answer that has the cursor of the next page. */
export const next = z
  .string()
  .optional()
  .describe('pass it as `after` to get the next page, with older items; absent on the last page')

/**
 * A page of at most `limit` items.
 * @param found at most `limit + 1` items; one more than the page shows that there is a next page
 */
export function pageOf<T>(found: readonly T[], limit: number, cursorOf: (item: T) => string) {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(found.length > limit && last !== undefined && { next: cursorOf(last) }) }
}
