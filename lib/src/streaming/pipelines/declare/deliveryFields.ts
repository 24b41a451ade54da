import { z } from 'zod'
import { parseDuration, parseQuantity, quantityText } from '../../../base/types/quantity.ts'

const MIB = 1024 * 1024

const bound = quantityText(parseQuantity)

/** Settings of a delivery: those of its destination (destinations.NAME in qicore.yaml), and in their place those of a pipeline. */
export const deliveryFields = {
  lanes: z.int().min(1).max(64).describe('writes at once, a connection each'),
  max_records: z.int().min(1).max(100_000).describe('most records in one write'),
  max_bytes: z
    .int()
    .min(1024)
    .max(256 * MIB)
    .describe('most bytes in one write; so many for each lane are read ahead, above it reading stops'),
  retry: z
    .union([z.literal('forever'), quantityText(parseDuration)])
    .describe('how long a failure that may pass is retried: forever, or a time such as 6h since the last success'),
  // biome-ignore lint/suspicious/noThenProperty: the word of the setting, and no function
  then: z
    .enum(['dead_letter', 'park'])
    .describe('after that: the records become dead letters, or the delivery waits until somebody resumes it'),
  max_lag: z
    .union([z.literal('none'), bound, z.array(bound).min(1).max(2)])
    .describe(
      'how far it may fall behind: 24h, 10GB or [24h, 10GB]; beyond it records are skipped, and one dead letter names the range; unset: 7d and 10GB, and none for the store',
    ),
} as const

const { lanes, max_records, max_bytes, retry, max_lag } = deliveryFields

/** Those that a pipeline gives for one of its outputs. */
export const overrideFields = {
  lanes: lanes.optional(),
  batch: z
    .strictObject({ max_records: max_records.optional(), max_bytes: max_bytes.optional() })
    .optional()
    .describe('the size of writes'),
  failure: z
    // biome-ignore lint/suspicious/noThenProperty: the word of the setting, and no function
    .strictObject({ retry: retry.optional(), then: deliveryFields.then.optional() })
    .optional()
    .describe('the policy for failures'),
  max_lag: max_lag.optional(),
} as const

/** Settings of one delivery in place of those of its destination. */
export interface DeliveryOverrides {
  readonly lanes?: number | undefined
  readonly batch?:
    | {
        readonly max_records?: number | undefined
        readonly max_bytes?: number | undefined
      }
    | undefined
  readonly failure?: { readonly retry?: string | undefined; readonly then?: 'dead_letter' | 'park' | undefined } | undefined
  readonly max_lag?: string | readonly string[] | undefined
}
