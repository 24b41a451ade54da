import { z } from 'zod'
import { parseDuration, parseQuantity, type RecordName, recordTypes, toQiError } from '../../base/index.ts'
import { DEFAULT_DELIVERY, type DeliverySettings, STORE } from '../pipelines/index.ts'

const MIB = 1024 * 1024
const RECORDS = Object.keys(recordTypes) as [RecordName, ...RecordName[]]
/** What is read of a destination and not yet written is given up so soon on stop: it is delivered at the next start. */
const DRAIN_MS = 3_000
/** Bound of the lag of a destination that sets none. The store has none: nothing is skipped there. */
const MAX_LAG = ['7d', '10GB']
const SHORTEST_LOOK_MS = 1_000
const LONGEST_LOOK_MS = 30_000

const quantity = (parse: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: toQiError(error).message })
    }
  })

const bound = quantity(parseQuantity)

/** Settings that every destination has, beside those of its type. */
export const destinationSettings = z.object({
  records: z
    .array(z.enum(RECORDS))
    .min(1)
    .optional()
    .describe('record types that are brought here without a pipeline of their own; unset: what pipelines name it for'),
  lanes: z.int().min(1).max(64).default(DEFAULT_DELIVERY.lanes).describe('writes at once, a connection each'),
  batch: z
    .object({
      max_records: z.int().min(1).max(100_000).default(DEFAULT_DELIVERY.maxRecords).describe('most records in one write'),
      max_bytes: z
        .int()
        .min(1024)
        .max(256 * MIB)
        .default(DEFAULT_DELIVERY.maxBytes)
        .describe('most bytes in one write; so many for each lane are read ahead, above it reading stops'),
      linger_ms: z.int().min(0).max(1000).default(DEFAULT_DELIVERY.lingerMs).describe('how long a small write waits for company'),
    })
    .prefault({}),
  failure: z
    .object({
      retry: z
        .union([z.literal('forever'), quantity(parseDuration)])
        .default('forever')
        .describe('how long a failure that may pass is retried: forever, or a time such as 6h since the last success'),
      // biome-ignore lint/suspicious/noThenProperty: the word of the setting, and no function
      then: z
        .enum(['dead_letter', 'park'])
        .default('park')
        .describe('after that: the records become dead letters, or the delivery waits until somebody resumes it'),
    })
    .prefault({}),
  max_lag: z
    .union([z.literal('none'), bound, z.array(bound).min(1).max(2)])
    .optional()
    .describe(
      'how far it may fall behind: 24h, 10GB or [24h, 10GB]; beyond it records are skipped, and one dead letter names the range; unset: 7d and 10GB, and none for the store',
    ),
})

export type DestinationSettings = z.output<typeof destinationSettings>

/** The settings as the runtime takes them. */
export function deliverySettingsOf(destination: string, settings: DestinationSettings): DeliverySettings {
  const { lanes, batch, failure, max_lag: given } = settings
  const stored = destination === STORE
  const { maxLagMs, maxLagBytes } = lagOf(given ?? (stored ? 'none' : MAX_LAG))
  return {
    lanes,
    maxRecords: batch.max_records,
    maxBytes: batch.max_bytes,
    lingerMs: batch.linger_ms,
    drainMs: stored ? DEFAULT_DELIVERY.drainMs : DRAIN_MS,
    retryMs: failure.retry === 'forever' ? Number.POSITIVE_INFINITY : parseDuration(failure.retry),
    afterRetry: failure.then,
    // The store is what the platform is for: it is tried until it takes records again.
    refusal: stored ? 'retry' : 'park',
    maxLagMs,
    maxLagBytes,
    lagEveryMs: Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, maxLagMs / 20)),
  }
}

function lagOf(given: string | readonly string[]): Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'> {
  const bounds = given === 'none' ? [] : [given].flat().map(parseQuantity)
  return {
    maxLagMs: Math.min(...bounds.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY)),
    maxLagBytes: Math.min(...bounds.map(({ bytes }) => bytes ?? Number.POSITIVE_INFINITY)),
  }
}
