import { type RecordName, recordTypes } from '../base/index.ts'
import { type ConsumerDefinition, defineConsumer } from './defineConsumer.ts'

export const CryptoDataConsumer = defineConsumer({
  name: 'crypto-data',
  summary: 'Stores every kind of record; what the platform runs unless told otherwise',
  records: Object.keys(recordTypes) as RecordName[],
})

export const PriceConsumer = defineConsumer({
  name: 'prices',
  summary: 'Stores prices, trades and quotes',
  records: ['price', 'trade', 'quote'],
})

export const OHLCVConsumer = defineConsumer({ name: 'ohlcv', summary: 'Stores candles', records: ['ohlcv'] })

export const AnalyticsConsumer = defineConsumer({
  name: 'analytics',
  summary: 'Stores market analytics, trending lists, indicators and the lists of instruments',
  records: ['market_analytics', 'trending', 'indicator', 'instrument'],
})

/** By name, as `consumers:` in the configuration names them. */
export const consumers: Readonly<Record<string, ConsumerDefinition>> = Object.fromEntries(
  [CryptoDataConsumer, PriceConsumer, OHLCVConsumer, AnalyticsConsumer].map((definition) => [definition.name, definition]),
)
