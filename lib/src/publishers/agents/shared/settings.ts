import { z } from 'zod'
import { watchedCoins } from '../../../mcp-tools/bindings/watchedCoins.ts'
import { alertRules } from './alerts/rules.ts'

/** What agents that watch the market have in common, under their names in qicore.yaml. */
export const marketSettings = z.object({
  ...watchedCoins,
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
