import { z } from 'zod'
import { readMoment, SOURCE_NAME, toQiError } from '../../types/index.ts'

// PostgreSQL has no text with a NUL, so nothing that is held can match one. Each text matches in one way only: such an expression
// takes no longer than the text is long.
const ITEM = String.raw`\s*[^\x00\s,][^\x00,]*`
// biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL is what it refuses
const NAME = /^\s*[^\x00\s][^\x00]*$/
const ITEMS = new RegExp(`^${ITEM}(,${ITEM})*$`)
const UNLIKE_ITEMS = 'must hold a visible character before and after each comma, and no NUL'
const items = z.string().regex(ITEMS, UNLIKE_ITEMS)
const MOST_ITEMS = 1000

/** `a,b` or a list; the form that URL parameters and command lines take. */
export const list = (description: string) =>
  z
    // An empty list is all for callers inside; as text it would be a parameter without a value, which is refused.
    .union([items, z.array(items).meta({ minItems: 1, maxItems: MOST_ITEMS })], { error: UNLIKE_ITEMS })
    .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((part) => part.trim()))
    .refine((parts) => parts.length <= MOST_ITEMS, `must be at most ${MOST_ITEMS}`)
    .optional()
    .describe(description)

export const flag = (description: string) =>
  z.union([z.boolean(), z.stringbool()], { error: 'must be true or false' }).default(false).describe(description)

export const count = (max: number, preset: number, description: string, min = 1) =>
  z.coerce
    .number()
    .int()
    .min(min)
    .max(max)
    .default(preset)
    .describe(`${description}; ${min > 1 ? `at least ${min}, ` : ''}at most ${max}`)

export const cursor = z
  .string()
  .max(2000)
  .regex(/^[A-Za-z0-9_-]+$/, 'expected the `next` of the page before')
  .optional()
  .describe('`next` of the page before')

export const name = (description: string) =>
  z.string().trim().min(1).max(200).regex(NAME, 'must hold a visible character, and no NUL').describe(description)
export const sourceName = z
  .string()
  .regex(SOURCE_NAME, 'a source name is lower case, such as coingecko')
  .describe('the venue or provider')

export const time = (description: string) =>
  z
    .string()
    .meta({ anyOf: [{ format: 'date' }, { format: 'date-time' }] })
    .transform((text, context) => {
      try {
        return readMoment(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: toQiError(error).message })
        return z.NEVER
      }
    })
    .optional()
    .describe(description)
