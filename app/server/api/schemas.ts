import { z } from 'zod'
import { type RecordType, recordTypes } from '../../../lib/src/base/index.ts'

/** A page of records. */
export const pageOf = (type: Pick<RecordType, 'schema' | 'summary'>, description: string) =>
  z
    .object({
      items: z.array(type.schema),
      next: z.string().optional().describe('pass it as `after` to get the next page; absent on the last one'),
    })
    .describe(description)

const { coin_id, source, currency, time } = recordTypes.price.schema.shape as Record<
  'coin_id' | 'source' | 'currency' | 'time',
  z.ZodType
>

/** Which figures there are of a coin. */
export const seriesSchema = z
  .object({
    coin_id,
    source,
    currency,
    simulated: z.boolean().describe('whether its latest row is simulated'),
    latest: time.describe('time of its latest row'),
  })
  .describe('The figures of one coin at one source in one currency')

/** How much of a candle is known. */
export const completeness = {
  covered: z
    .number()
    .min(0)
    .max(1)
    .describe('the share of its time that is covered: by bars, or by trades and prices without long silences'),
  partial: z.boolean().describe('whether a part of its time is not covered; of an open candle it is what is still to come'),
  flaw: z
    .string()
    .optional()
    .describe('why the stored bar cannot be right, such as "high below low"; absent where nothing is wrong'),
}

/** Times that the platform itself keeps. */
export const moment = (description: string) => z.iso.datetime().describe(description)
export const count = (description: string) => z.number().int().nonnegative().describe(description)
