import { CLOCK_SLACK, common, currency } from './common.ts'
import { defineRecord, type RecordOf } from './define.ts'
import { decimalField, integer, optional } from './fields.ts'

export const marketAnalytics = defineRecord({
  name: 'market_analytics',
  summary: 'The whole market at a moment',
  topic: 'crypto-analytics',
  table: 'market_analytics',
  key: ['source', 'currency', 'time'],
  ahead: CLOCK_SLACK,
  series: { by: ['source', 'currency'], proof: 'cadence' },
  fields: {
    ...common,
    currency: currency(),
    total_market_cap: decimalField('market capitalisation of all coins'),
    total_volume_24h: decimalField('traded value of the last 24 hours'),
    btc_dominance: decimalField("bitcoin's share of the capitalisation, in per cent"),
    eth_dominance: decimalField("ether's share of the capitalisation, in per cent"),
    active_coins: integer('coins counted'),
    markets: integer('markets counted'),
    change_24h_pct: optional(decimalField('change of the capitalisation over 24 hours, in per cent')),
  },
})
export type MarketAnalytics = RecordOf<typeof marketAnalytics>
