import { z } from 'zod'
import { TIMEFRAMES } from '../../../base/index.ts'
import { alertRules } from './alerts/rules.ts'

/** What agents that watch the market have in common, under their names in qicore.yaml. */
export const marketSettings = z.object({
  coins: z
    .array(z.string().trim().min(1).max(200))
    .min(1)
    .max(100)
    .optional()
    .describe('ids of the coins to watch, such as bitcoin; default: the largest of those that are stored'),
  top: z.int().min(1).max(100).default(10).describe('how many coins to watch where none are named'),
  currency: z.string().trim().min(1).max(20).default('usd').describe('the currency of the figures'),
  source: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe('only figures of this source; default: the preferred series of each coin'),
  timeframe: z.enum(TIMEFRAMES).default('1h').describe('the candles that are looked at'),
  anomaly_window: z.int().min(10).max(500).default(24).describe('how many returns before a candle its own is measured against'),
  anomaly_threshold: z
    .number()
    .min(1)
    .max(1000)
    .default(5)
    .describe('robust standard deviations beyond which a return stands out'),
  alerts: alertRules.default([]).describe('what is watched for; docs/agents.md lists the rules'),
  cron: z.string().default('*/15 * * * *').describe('when the market is analysed, in UTC'),
  alerts_cron: z.string().default('*/5 * * * *').describe('when the rules are looked at between, in UTC'),
})
export type MarketSettings = z.output<typeof marketSettings>
