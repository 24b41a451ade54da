import { z } from 'zod'
import { parseDuration, parseQuantity, type RecordName, recordTypes, type SINK_SETTINGS } from '../../base/index.ts'
import { DEFAULT_DELIVERY, type DeliverySettings, deliveryFields, STORE } from '../pipelines/index.ts'

const RECORDS = Object.keys(recordTypes) as [RecordName, ...RecordName[]]
/** On stop, the time that records already read have to be written; the rest is delivered at the next start. */
const DRAIN_MS = 3_000
/** Bound of the lag of a destination that sets none. The store has none: nothing is skipped there. */
const MAX_LAG = ['7d', '10GB']
const SHORTEST_LOOK_MS = 1_000
const LONGEST_LOOK_MS = 30_000

/** A field with a default, described as it is. */
const preset = <T extends z.ZodType>(field: T, value: z.input<T>) =>
  field.default(value as never).describe(field.description ?? '')

const { lanes, max_records, max_bytes, retry, max_lag } = deliveryFields

/** Settings that every destination has, beside those of its type. */
export const destinationSettings = z.object({
  records: z
    .array(z.enum(RECORDS))
    .min(1)
    .optional()
    .describe('record types that are brought here without a pipeline of their own; unset: what pipelines name it for'),
  lanes: preset(lanes, DEFAULT_DELIVERY.lanes),
  batch: z
    .object({
      max_records: preset(max_records, DEFAULT_DELIVERY.maxRecords),
      max_bytes: preset(max_bytes, DEFAULT_DELIVERY.maxBytes),
    })
    .prefault({}),
  // biome-ignore lint/suspicious/noThenProperty: the word of the setting, and no function
  failure: z.object({ retry: preset(retry, 'forever'), then: preset(deliveryFields.then, 'park') }).prefault({}),
  max_lag: max_lag.optional().describe(max_lag.description ?? ''),
} satisfies Record<Exclude<(typeof SINK_SETTINGS)[number], 'type'>, z.ZodType>)

export type DestinationSettings = z.output<typeof destinationSettings>

export interface DeliveryContext {
  /** Longest that the log keeps what a group has not read, in milliseconds; Infinity: for ever. */
  readonly unreadMs: number
  /** Its pipeline is stopped, so that even the store's lag has a bound. */
  readonly stopped?: boolean
}

/** The settings as the runtime takes them. */
export function deliverySettingsOf(
  destination: string,
  settings: DestinationSettings,
  { unreadMs, stopped = false }: DeliveryContext,
): DeliverySettings {
  const { lanes, batch, failure, max_lag: given } = settings
  const stored = destination === STORE
  const bounds = lagOf(given ?? (stored && !stopped ? 'none' : MAX_LAG))
  const { maxLagMs, maxLagBytes } = { ...bounds, maxLagMs: Math.min(bounds.maxLagMs, unreadMs) }
  return {
    lanes,
    maxRecords: batch.max_records,
    maxBytes: batch.max_bytes,
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

/** The bound of a lag whose destination no configuration has. */
export const DEFAULT_BOUNDS = lagOf(MAX_LAG)

function lagOf(given: string | readonly string[]): Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'> {
  const bounds = given === 'none' ? [] : [given].flat().map(parseQuantity)
  return {
    maxLagMs: Math.min(...bounds.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY)),
    maxLagBytes: Math.min(...bounds.map(({ bytes }) => bytes ?? Number.POSITIVE_INFINITY)),
  }
}
