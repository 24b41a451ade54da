import { CLOCK_SLACK, currency, ofInstrument } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, optional } from './fields.ts'

export const priceFields = {
  ...ofInstrument,
  currency: currency(),
  price: decimalField('the price of one unit'),
  market_cap: optional(decimalField('market capitalisation')),
  volume_24h: optional(decimalField('traded value of the last 24 hours')),
  change_24h_pct: optional(decimalField('change of the price over 24 hours, in per cent')),
}

export const price = defineRecord({
  name: 'price',
  summary: 'The price of an instrument at a moment',
  topic: 'crypto-prices',
  table: 'crypto_prices',
  key: ['coin_id', 'source', 'currency', 'time'],
  ahead: CLOCK_SLACK,
  series: { by: ['coin_id', 'source', 'currency'], proof: 'cadence' },
  fields: priceFields,
})
export type Price = RecordOf<typeof price>
