import { z } from 'zod'
import { parseTime, SOURCE_NAME, toQiError } from '../../types/index.ts'

/** `a,b` or a list; the form that URL parameters and command lines take. */
export const list = (description: string) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((part) => part.trim()).filter(Boolean))
    .refine((parts) => parts.length <= 1000, 'at most 1000')
    .optional()
    .describe(description)

export const flag = (description: string) => z.union([z.boolean(), z.stringbool()]).default(false).describe(description)

export const count = (max: number, preset: number, description: string) =>
  z.coerce.number().int().min(1).max(max).default(preset).describe(`${description}; at most ${max}`)

export const cursor = z.string().max(2000).optional().describe('`next` of the page before')

export const name = (description: string) => z.string().trim().min(1).max(200).describe(description)
export const sourceName = z
  .string()
  .regex(SOURCE_NAME, 'a source name is lower case, such as coingecko')
  .describe('the venue or provider')

export const time = (description: string) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: toQiError(error).message })
        return z.NEVER
      }
    })
    .optional()
    .describe(description)
