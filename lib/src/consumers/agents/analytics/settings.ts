import { z } from 'zod'
import { INDICATOR_NAMES } from '../../../base/index.ts'
import { watchedCoins } from '../../../mcp-tools/bindings/watchedCoins.ts'

export const config = z.object({
  ...watchedCoins,
  points: z.int().min(1).max(1000).default(48).describe('for how many closed candles, the latest, values are written'),
  indicators: z
    .array(z.enum(INDICATOR_NAMES))
    .default([...INDICATOR_NAMES])
    .describe('which indicators are computed'),
  volatility_window: z.int().min(5).max(500).default(24).describe('returns that a volatility is computed of'),
  volatility_history: z
    .int()
    .min(20)
    .max(5000)
    .default(168)
    .describe('volatilities, the latest, among which one is ranked for its regime'),
  breadth_average: z.int().min(2).max(500).default(20).describe('candles of the average that coins stand above or below'),
  correlation_candles: z.int().min(4).max(5000).default(168).describe('candles that a correlation is computed over'),
  cron: z.string().default('5 * * * *').describe('when it computes, in UTC'),
})
export type AnalyticsSettings = z.output<typeof config>
