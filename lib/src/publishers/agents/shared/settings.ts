import { z } from 'zod'
import { watchedCoins } from '../../../mcp-tools/bindings/watchedCoins.ts'
import { alertRules } from './alerts/rules.ts'

/** Settings that all market agents have, under their names in qicore.yaml. */
export const marketSettings = z.object({
  ...watchedCoins,
  anomaly_window: z
    .int()
    .min(10)
    .max(500)
    .default(24)
    .describe('number of earlier returns that the return of a candle is measured against'),
  anomaly_threshold: z
    .number()
    .min(1)
    .max(1000)
    .default(5)
    .describe('robust standard deviations beyond which a return stands out'),
  alerts: alertRules.default([]).describe('alert rules; docs/agents.md lists them'),
  cron: z.string().default('*/15 * * * *').describe('schedule of the analysis, in UTC'),
  alerts_cron: z.string().default('*/5 * * * *').describe('schedule of the checks of alert rules between analyses, in UTC'),
})
export type MarketSettings = z.output<typeof marketSettings>
