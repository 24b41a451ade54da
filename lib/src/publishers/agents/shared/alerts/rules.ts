import { z } from 'zod'
import { type Decimal, decimal, QiError, SEVERITIES } from '../../../../base/types/index.ts'

const name = z
  .string()
  .regex(/^[\w .%-]{1,60}$/, 'up to 60 letters, digits, spaces, dots, hyphens and per cent signs')
  .optional()
  .describe('name of the rule; default: its condition')
const coin = z.string().min(1).max(200).optional().describe('only this coin; unset: all watched coins')

const severity = z.enum(SEVERITIES).default('warning').describe('how urgent it is')

const figure = z
  .union([z.string(), z.number()])
  .transform((given, context): Decimal => {
    try {
      return decimal(String(given))
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof QiError ? error.message : 'is no decimal' })
      return z.NEVER
    }
  })
  .describe('exact')

const rule = z.discriminatedUnion('when', [
  z.strictObject({ when: z.literal('above'), price: figure, coin, name, severity }),
  z.strictObject({ when: z.literal('below'), price: figure, coin, name, severity }),
  z.strictObject({
    when: z.literal('change'),
    pct: z.number().positive().describe('per cent'),
    hours: z
      .number()
      .positive()
      .max(24 * 366)
      .default(24)
      .describe('change over this many hours'),
    direction: z.enum(['up', 'down', 'either']).default('either'),
    coin,
    name,
    severity,
  }),
  z.strictObject({
    when: z.literal('anomaly'),
    candles: z.int().min(1).max(100).default(1).describe('number of latest candles to search'),
    coin,
    name,
    severity,
  }),
])
type Given = z.output<typeof rule>

/** A rule with its name. Under one name an alert is raised once until it clears. */
export type AlertRule = Given & { readonly name: string }

const nameOf = (given: Given): string => {
  switch (given.when) {
    case 'above':
    case 'below':
      return `${given.when} ${given.price}`
    case 'change':
      return `change ${given.direction} ${given.pct}% ${given.hours}h`
    case 'anomaly':
      return `anomaly ${given.candles}`
  }
}

/** The setting `alerts`. */
export const alertRules = z
  .array(rule)
  .max(200)
  .transform((rules) => rules.map((given): AlertRule => ({ ...given, name: given.name ?? nameOf(given) })))
  .superRefine((rules, context) => {
    for (const [at, one] of rules.entries()) {
      const twin = rules.findIndex((other) => other.name === one.name && (other.coin ?? one.coin) === (one.coin ?? other.coin))
      if (twin < at)
        context.addIssue({
          code: 'custom',
          path: [at, 'name'],
          message: `rules ${twin} and ${at} are both named "${one.name}" and watch the same coin: give them different names`,
        })
    }
  })
