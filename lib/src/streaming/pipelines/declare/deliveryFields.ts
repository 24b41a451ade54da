import { z } from 'zod'
import { parseDuration, parseQuantity, quantityText } from '../../../base/types/quantity.ts'

const MIB = 1024 * 1024

const bound = quantityText(parseQuantity)

/** Settings of a delivery, given in its destination (`destinations.NAME` in qicore.yaml) or overridden by an output of a pipeline. */
export const deliveryFields = {
  lanes: z.int().min(1).max(64).describe('writes at the same time, a connection each'),
  max_records: z.int().min(1).max(100_000).describe('most records in one write'),
  max_bytes: z
    .int()
    .min(1024)
    .max(256 * MIB)
    .describe('most bytes in one write; each lane reads this much ahead'),
  retry: z
    .union([z.literal('forever'), quantityText(parseDuration)])
    .describe('time to retry a temporary failure: forever, or a duration such as 6h since the last success'),
  // biome-ignore lint/suspicious/noThenProperty: the word of the setting, and no function
  then: z
    .enum(['dead_letter', 'park'])
    .describe('after that: the records become dead letters, or the delivery waits until somebody resumes it'),
  max_lag: z
    .union([z.literal('none'), bound, z.array(bound).min(1).max(2)])
    .describe(
      'most lag: 24h, 10GB or [24h, 10GB]; records beyond it are skipped, and one dead letter names the range; unset: 7d and 10GB, and none for the store',
    ),
} as const

const { lanes, max_records, max_bytes, retry, max_lag } = deliveryFields

/** The settings that an output of a pipeline can override. */
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

/** Settings of one output that override those of its destination. */
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
