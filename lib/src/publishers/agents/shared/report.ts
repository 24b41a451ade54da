import { z } from 'zod'
import { type Alert as AlertRecord, formatTime, SEVERITIES, TIMEFRAMES } from '../../../base/types/index.ts'
import { compareSources } from '../../../mcp-tools/consumer/compare_sources.ts'
import { getMarketSummary } from '../../../mcp-tools/consumer/get_market_summary.ts'
import { marketSentiment } from '../../../mcp-tools/consumer/market_sentiment.ts'
import { technicalAnalysis } from '../../../mcp-tools/consumer/technical_analysis.ts'

const count = z.int().nonnegative()
const analysis = technicalAnalysis.output.shape
const summary = getMarketSummary.output.shape
const comparison = compareSources.output.shape.pairs.element

/** The fetch from the provider, and its result. */
export const fetched = z.object({
  from: z.string().nullable().describe('the provider; null: none'),
  prices: count,
  candles: count,
  market: count.describe('market figures'),
  stored: z.boolean().describe('true if all of it was stored when the analysis began'),
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
  sources: z
    .array(comparison.pick({ other: true, difference: true, difference_bps: true, candles: true, median_bps: true }))
    .describe('the other sources of the coin beside this one, USD and USDT as one currency; the furthest first'),
})
export type Snapshot = z.output<typeof snapshot>

/** A coin without stored data, and the reason. */
export const unseen = z.object({ coin: z.string(), missing: z.string() })
export type Unseen = z.output<typeof unseen>

export const alert = z.object({
  rule: z.string(),
  coin: z.string(),
  source: z.string(),
  currency: z.string(),
  severity: z.enum(SEVERITIES),
  raised_at: z.string().describe('time of the decision'),
  as_of: z.string().describe('time of the data behind it'),
  cleared_at: z.string().optional(),
  value: z.string().optional(),
  message: z.string(),
})
export type Alert = z.output<typeof alert>

export const alertOf = ({ name, coinId, clearedAt, time, asOf, ...one }: AlertRecord): Alert => ({
  ...{ rule: name, coin: coinId, source: one.source, currency: one.currency, severity: one.severity },
  ...{ raised_at: formatTime(time), as_of: formatTime(asOf), message: one.message },
  ...(clearedAt !== undefined && { cleared_at: formatTime(clearedAt) }),
  ...(one.value !== undefined && { value: one.value }),
})

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
  at: z.string().nullable().describe('time of the newest price'),
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
