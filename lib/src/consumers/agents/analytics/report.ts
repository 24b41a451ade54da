import { z } from 'zod'
import { countOf, formatTime } from '../../../base/types/index.ts'
import { correlation } from '../../../mcp-tools/consumer/correlation.ts'
import { REGIMES } from './volatility.ts'

const count = z.int().nonnegative()
const correlated = correlation.output.shape

const coin = z.object({
  coin: z.string(),
  source: z.string(),
  currency: z.string(),
  simulated: z.boolean(),
  time: z.int().describe('open of the latest closed candle, in microseconds since 1970'),
  values: z.array(z.object({ name: z.string(), params: z.string(), value: z.number() })).describe('at that candle'),
  volatility: z
    .object({
      annual_pct: z.number(),
      rank: z.number().min(0).max(1).optional(),
      regime: z.enum(REGIMES).optional(),
    })
    .optional(),
  written: count,
})
export type CoinReport = z.output<typeof coin>

const correlations = z.object({ from: correlated.from, to: correlated.to, n: correlated.n, pairs: correlated.pairs })
export type Correlations = z.output<typeof correlations>

const breadth = z.object({
  currency: z.string(),
  time: z.string(),
  coins: count,
  advancers: count,
  decliners: count,
  unchanged: count,
  breadth: z.number().min(-1).max(1),
  above_average: z.number().min(0).max(1).optional(),
})
export type BreadthReport = z.output<typeof breadth>

export const analyticsReport = z.object({
  at: z.string().nullable().describe('open of the latest closed candle'),
  computed: z.literal('float64'),
  coins: z.array(coin),
  missing: z.array(z.string()).describe('coins without a closed candle'),
  correlations: correlations.optional(),
  breadth: breadth.optional().describe('of the currency with the most coins; the others are written, too'),
  written: count.describe('values that were new or had changed'),
  text: z.string(),
})
export type AnalyticsReport = z.output<typeof analyticsReport>

/** The report as text. */
export function reportText({
  coins,
  missing,
  correlations: pairs,
  breadth: market,
  written,
}: Omit<AnalyticsReport, 'text' | 'computed'>): string {
  return [
    `${countOf(written, 'value')} written, of ${countOf(coins.length, 'coin')}`,
    ...coins.map(({ coin: name, time, volatility }) => {
      const regime = volatility?.regime ? `, ${volatility.regime} (rank ${(volatility.rank as number).toFixed(2)})` : ''
      return `${name} at ${formatTime(time)}: volatility ${volatility ? `${volatility.annual_pct.toFixed(1)} % a year${regime}` : 'not known yet'}`
    }),
    ...(pairs?.pairs ?? []).map(({ a, b, r }) => `${a} and ${b}: r ${r === undefined ? 'unknown' : r.toFixed(3)}`),
    ...(market
      ? [`${market.advancers} up, ${market.decliners} down of ${countOf(market.coins, 'coin')} in ${market.currency}`]
      : []),
    ...(missing.length > 0 ? [`no candles of ${missing.join(', ')}`] : []),
  ].join('\n')
}
