import { CLOCK_SLACK, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { boolean, decimalField, displayName, oneOf, optional, text } from './fields.ts'

/** Spread by the sink over `currencies`, `exchanges` and `trading_pairs`, by its kind. */
export const instrument = defineRecord({
  name: 'instrument',
  summary: 'What a source lists: a currency, an exchange or a trading pair',
  topic: 'crypto-instruments',
  key: ['coin_id', 'source'],
  ahead: CLOCK_SLACK,
  fields: {
    ...ofInstrument,
    kind: oneOf(['currency', 'exchange', 'pair'], 'what it is'),
    symbol: text('its ticker; many instruments may share one'),
    name: displayName('its name'),
    exchange: optional(text('the exchange of a pair')),
    base: optional(text('the currency that a pair trades')),
    quote: optional(text('the currency that a pair is priced in')),
    tick_size: optional(decimalField('the smallest step of the price')),
    lot_size: optional(decimalField('the smallest step of the amount')),
    active: boolean('whether it can be traded now'),
    calendar: optional(text('the calendar of a pair whose trading hours are not those of its source, such as 24x7')),
  },
})
export type Instrument = RecordOf<typeof instrument>
