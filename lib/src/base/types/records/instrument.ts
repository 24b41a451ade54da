import { CLOCK_SLACK, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { boolean, decimalField, displayName, oneOf, optional, text } from './fields.ts'

/** Classes of assets, by what moves their price. */
export const ASSET_CLASSES = ['crypto', 'stock', 'etf', 'index', 'forex', 'commodity', 'fund', 'bond'] as const
export type AssetClass = (typeof ASSET_CLASSES)[number]

/** Fields of an instrument. */
export const instrumentFields = {
  ...ofInstrument,
  kind: oneOf(['currency', 'exchange', 'pair', 'security'], 'what it is; a stock, a fund or an index is a security'),
  symbol: text('its ticker; many instruments may share one'),
  name: displayName('its name'),
  exchange: optional(text('the exchange of a pair or a security')),
  base: optional(text('the currency that a pair trades')),
  quote: optional(text('the currency that a pair is priced in')),
  tick_size: optional(decimalField('the smallest step of the price')),
  lot_size: optional(decimalField('the smallest step of the amount')),
  active: boolean('whether it can be traded now'),
  calendar: optional(
    text('the calendar of a pair or a security whose trading hours are not those of its source, such as 24x7 or XNYS'),
  ),
  mic: optional(text('the ISO 10383 code of the operating exchange, such as XNAS')),
  timezone: optional(text('the time zone of its market, such as America/New_York')),
  asset_class: optional(oneOf(ASSET_CLASSES, 'the class of asset')),
  currency: optional(text('the currency of its figures, as the source writes it, such as USD or GBp')),
}

/** Spread by the sink over `currencies`, `exchanges`, `trading_pairs` and `securities`, by its kind. */
export const instrument = defineRecord({
  name: 'instrument',
  summary: 'What a source lists: a currency, an exchange, a trading pair or a security',
  topic: 'crypto-instruments',
  key: ['coin_id', 'source'],
  ahead: CLOCK_SLACK,
  fields: instrumentFields,
})
export type Instrument = RecordOf<typeof instrument>
