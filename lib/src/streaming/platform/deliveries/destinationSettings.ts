import { z } from 'zod'
import { parseDuration, parseQuantity, type RecordName, recordTypes, type SINK_SETTINGS } from '../../../base/types/index.ts'
import { DEFAULT_DELIVERY, type DeliverySettings, deliveryFields, STORE } from '../../pipelines/index.ts'

const RECORDS = Object.keys(recordTypes) as [RecordName, ...RecordName[]]
/** On stop: time to write the records already read. The rest is delivered at the next start. The store has longer (`DEFAULT_DELIVERY`). */
const DRAIN_MS = 3_000
/** Default bound of a destination's lag. The store has none: nothing is skipped there. */
const MAX_LAG = ['7d', '10GB']
const SHORTEST_LOOK_MS = 1_000
const LONGEST_LOOK_MS = 30_000

/** A field with a default and its own description. */
const preset = <T extends z.ZodType>(field: T, value: z.input<T>) =>
  field.default(value as never).describe(field.description ?? '')

const { lanes, max_records, max_bytes, retry, max_lag } = deliveryFields

/** Settings that every destination has, beside those of its type. */
export const destinationSettings = z.object({
  records: z
    .array(z.enum(RECORDS))
    .min(1)
    .optional()
    .describe('record types that are delivered here without a pipeline; unset: only what pipelines deliver here'),
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
  /** Longest that the log keeps messages that a group has not read, in milliseconds; Infinity: for ever. */
  readonly unreadMs: number
  /** True if its pipeline is stopped: then even the store's lag has a bound. */
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
    // The store is retried until it takes records again: the platform exists to fill it.
    refusal: stored ? 'retry' : 'park',
    maxLagMs,
    maxLagBytes,
    lagEveryMs: Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, maxLagMs / 20)),
  }
}

/** Bound of the lag of a destination that no configuration has. */
export const DEFAULT_BOUNDS = lagOf(MAX_LAG)

function lagOf(given: string | readonly string[]): Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'> {
  const bounds = given === 'none' ? [] : [given].flat().map(parseQuantity)
  return {
    maxLagMs: Math.min(...bounds.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY)),
    maxLagBytes: Math.min(...bounds.map(({ bytes }) => bytes ?? Number.POSITIVE_INFINITY)),
  }
}
