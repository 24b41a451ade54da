import { z } from 'zod'
import { INDICATOR_NAMES } from '../../../base/database/index.ts'
import { watchedCoins } from '../../../mcp-tools/bindings/watchedCoins.ts'

export const config = z.object({
  ...watchedCoins,
  points: z.int().min(1).max(1000).default(48).describe('number of latest closed candles for which values are written'),
  indicators: z
    .array(z.enum(INDICATOR_NAMES))
    .default([...INDICATOR_NAMES])
    .describe('the indicators to compute'),
  volatility_window: z.int().min(5).max(500).default(24).describe('number of returns in one volatility'),
  volatility_history: z
    .int()
    .min(20)
    .max(5000)
    .default(168)
    .describe('number of latest volatilities among which one is ranked for its regime'),
  breadth_average: z.int().min(2).max(500).default(20).describe('candles in the moving average of market breadth'),
  correlation_candles: z.int().min(4).max(5000).default(168).describe('candles in a correlation'),
  cron: z.string().default('5 * * * *').describe('schedule, in UTC'),
})
export type AnalyticsSettings = z.output<typeof config>
