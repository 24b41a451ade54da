import { z } from 'zod'
import type { Page } from '../../base/database/index.ts'

/** The schema of one page of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().optional().describe('pass as `after` to get the next page; absent on the last'),
  })

/** The page of a verb with its items in wire form. */
export const nextPage = <T>({ next }: Pick<Page<unknown>, 'next'>, items: T[]): { items: T[]; next?: string } => ({
  items,
  ...(next !== undefined && { next }),
})
