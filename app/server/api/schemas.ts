import { z } from 'zod'
import { type RecordType, recordTypes } from '../../../lib/src/base/types/index.ts'
import { named } from '../openapi/named.ts'

/** A page of records. @param name in PascalCase, of the page */
export const pageOf = (type: Pick<RecordType, 'schema'>, name: string, description: string) =>
  named(
    name,
    z
      .object({
        items: z.array(type.schema),
        next: z.string().optional().describe('pass it as `after` to get the next page; absent on the last one'),
      })
      .describe(description),
  )

const { coin_id, source, currency, time } = recordTypes.price.schema.shape as Record<
  'coin_id' | 'source' | 'currency' | 'time',
  z.ZodType
>

/** A series: the figures of one coin at one source in one currency. */
export const seriesSchema = named(
  'Series',
  z
    .object({
      coin_id,
      source,
      currency,
      simulated: z.boolean().describe('true if its latest row is simulated'),
      latest: time.describe('time of its latest row'),
    })
    .describe('The figures of one coin at one source in one currency'),
)

/** Fields that say how complete a candle is. */
export const completeness = {
  covered: z
    .number()
    .min(0)
    .max(1)
    .describe('the share of its time that is covered by bars, or by trades and prices without long gaps'),
  partial: z.boolean().describe('true if a part of its time is not covered; for an open candle that is the time still to come'),
  flaw: z.string().optional().describe('why the stored bar is impossible, such as "high below low"; absent if it is not'),
}

/** The schema of a time that the platform itself sets, to the millisecond. */
export const moment = (description: string) => z.iso.datetime().describe(description)
export const count = (description: string) => z.number().int().nonnegative().describe(description)
