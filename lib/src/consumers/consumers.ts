import { type RecordName, recordTypes } from '../base/types/index.ts'
import { groupOf, STORE } from '../streaming/pipelines/index.ts'

/** A built-in pipeline into the store. */
export interface ConsumerDefinition {
  readonly name: string
  readonly summary: string
  /** The record types that it stores; one topic each. */
  readonly records: readonly RecordName[]
  /** Its consumer group: processes of one group share the work. */
  readonly group: string
  readonly topics: readonly string[]
}

const define = (definition: Pick<ConsumerDefinition, 'name' | 'summary' | 'records'>): ConsumerDefinition => ({
  ...definition,
  group: groupOf({ pipeline: definition.name, destination: STORE }),
  topics: definition.records.map((record) => recordTypes[record].topic),
})

export const CryptoDataConsumer = define({
  name: 'crypto-data',
  summary: 'Stores every kind of record; the platform runs it unless another consumer is configured',
  records: Object.keys(recordTypes) as RecordName[],
})

export const PriceConsumer = define({
  name: 'prices',
  summary: 'Stores prices, trades, quotes and order books',
  records: ['price', 'trade', 'quote', 'book'],
})

export const OHLCVConsumer = define({ name: 'ohlcv', summary: 'Stores candles', records: ['ohlcv'] })

export const AnalyticsConsumer = define({
  name: 'analytics',
  summary:
    'Stores market analytics, trending lists, indicators, alerts, corporate actions, observations of economic series and the lists of instruments',
  records: ['market_analytics', 'trending', 'indicator', 'instrument', 'alert', 'corporate_action', 'observation'],
})

/** By name, as `consumers:` in the configuration names them. */
export const consumers: Readonly<Record<string, ConsumerDefinition>> = Object.fromEntries(
  [CryptoDataConsumer, PriceConsumer, OHLCVConsumer, AnalyticsConsumer].map((definition) => [definition.name, definition]),
)
