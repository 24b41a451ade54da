import { z } from 'zod'
import { TIMEFRAMES } from '../../../base/index.ts'
import { getMarketSummary } from '../../../mcp-tools/consumer/get_market_summary.ts'
import { marketSentiment } from '../../../mcp-tools/consumer/market_sentiment.ts'
import { technicalAnalysis } from '../../../mcp-tools/consumer/technical_analysis.ts'

const count = z.int().nonnegative()
const analysis = technicalAnalysis.output.shape
const summary = getMarketSummary.output.shape

/** What was asked of the provider, and what became of it. */
export const fetched = z.object({
  from: z.string().nullable().describe('who was asked; null: nobody'),
  prices: count,
  candles: count,
  market: count.describe('figures of the whole market'),
  stored: z.boolean().describe('whether all of it was in the store when the analysis began'),
  problems: z.array(z.string()),
})
export type Fetched = z.output<typeof fetched>

export const snapshot = z.object({
  coin: z.string(),
  source: z.string(),
  currency: z.string(),
  simulated: z.boolean(),
  price: z.string().describe('exact'),
  time: z.string().describe('of the price'),
  change_24h_pct: z.string().optional().describe("the source's figure"),
  candle: z.string().describe('open of the candle that the indicators belong to'),
  close: analysis.close,
  indicators: analysis.indicators,
  signals: analysis.signals,
  anomalies: z.array(z.object({ time: z.string(), log_return: z.number(), score: z.number().optional() })),
  changes: z
    .array(z.object({ hours: z.number(), pct: z.number(), since: z.string() }))
    .describe('from close to close, for the rules; a float64 that we computed'),
})
export type Snapshot = z.output<typeof snapshot>

/** Of a coin that nothing can be said of: why. */
export const unseen = z.object({ coin: z.string(), missing: z.string() })
export type Unseen = z.output<typeof unseen>

export const alert = z.object({
  rule: z.string(),
  coin: z.string(),
  source: z.string(),
  currency: z.string(),
  raised_at: z.string().describe('the time of what raised it'),
  cleared_at: z.string().optional(),
  value: z.string(),
  message: z.string(),
})
export type Alert = z.output<typeof alert>

export const alerts = z.object({
  raised: z.array(alert).describe('by this run'),
  cleared: z.array(alert).describe('by this run'),
  active: z.array(alert),
})
export type Alerts = z.output<typeof alerts>

export const market = z.object({
  breadth: summary.breadth,
  gainers: summary.gainers,
  losers: summary.losers,
  sentiment: marketSentiment.output.pick({ score: true, reading: true, parts: true, missing: true }).optional(),
})
export type Market = z.output<typeof market>

export const marketReport = z.object({
  at: z.string().nullable().describe('the time of the newest price'),
  currency: z.string(),
  timeframe: z.enum(TIMEFRAMES),
  fetched,
  coins: z.array(snapshot),
  missing: z.array(unseen),
  market,
  alerts,
  text: z.string(),
})
export type MarketReport = z.output<typeof marketReport>
