import { z } from 'zod'

/** Cursor of a list: `next` of the page before. */
export const after = z
  .string()
  .max(18)
  .regex(/^\d+$/, 'expected `next` of the page before')
  .optional()
  .describe('`next` of the page before')

/** Field of an answer that continues in another page. */
export const next = z
  .string()
  .optional()
  .describe('pass it as `after` to get the next page, of older ones; absent on the last one')

/** A page of at most `limit` of the items that were found with one more; `cursorOf` names an item's place in the list. */
export function pageOf<T>(found: readonly T[], limit: number, cursorOf: (item: T) => string) {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(found.length > limit && last !== undefined && { next: cursorOf(last) }) }
}
