import { z } from 'zod'
import { type Decimal, decimal, QiError } from '../../../../base/index.ts'

const name = z
  .string()
  .regex(/^[\w .%-]{1,60}$/, 'up to 60 letters, digits, spaces, dots, hyphens and per cent signs')
  .optional()
  .describe('what it is called; default: what it says')
const coin = z.string().min(1).max(200).optional().describe('only this coin; all that are watched when left out')

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
  z.strictObject({ when: z.literal('above'), price: figure, coin, name }),
  z.strictObject({ when: z.literal('below'), price: figure, coin, name }),
  z.strictObject({
    when: z.literal('change'),
    pct: z.number().positive().describe('per cent'),
    hours: z
      .number()
      .positive()
      .max(24 * 366)
      .default(24)
      .describe('over so many hours'),
    direction: z.enum(['up', 'down', 'either']).default('either'),
    coin,
    name,
  }),
  z.strictObject({
    when: z.literal('anomaly'),
    candles: z.int().min(1).max(100).default(1).describe('among so many candles, the latest'),
    coin,
    name,
  }),
])
type Given = z.output<typeof rule>

/** A rule that has a name: under it an alert is raised once until it clears. */
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

/** What is watched for. */
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
          message: `rules ${twin} and ${at} are both called "${one.name}" and watch one coin: name them`,
        })
    }
  })
