import { z } from 'zod'
import { RELATIVE_TIME_PATTERN, readAskedTime, SOURCE_NAME, toQiError } from '../../../types/index.ts'

// PostgreSQL stores no NUL, so a text with one matches nothing. Each pattern matches in one way only, so it runs in linear time.
const ITEM = String.raw`\s*[^\x00\s,][^\x00,]*`
// biome-ignore lint/suspicious/noControlCharactersInRegex: it refuses a NUL
const NAME = /^\s*[^\x00\s][^\x00]*$/
const ITEMS = new RegExp(`^${ITEM}(,${ITEM})*$`)
const UNLIKE_ITEMS = 'must hold a visible character before and after each comma, and no NUL'
const items = z.string().regex(ITEMS, UNLIKE_ITEMS)
const MOST_ITEMS = 1000

/** A list parameter: `a,b`, as in URLs and on the command line, or an array. */
export const list = (description: string) =>
  z
    // Inside TypeScript an empty array means all; empty text is a parameter without a value, and refused.
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

/** A time as people write it (see {@link readAskedTime}), turned into microseconds. */
export const time = (description: string) =>
  z
    .string()
    .meta({ anyOf: [{ format: 'date' }, { format: 'date-time' }, { pattern: RELATIVE_TIME_PATTERN }] })
    .transform((text, context) => {
      try {
        return readAskedTime(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: toQiError(error).message })
        return z.NEVER
      }
    })
    .optional()
    .describe(description)
