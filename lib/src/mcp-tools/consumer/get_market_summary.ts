import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { marketSummaryQuery, summaryWire } from '../../base/database/index.ts'
import { countOf, MANUAL } from '../../base/types/index.ts'
import { someOf } from '../shared/facts.ts'
import { count } from '../shared/parameters.ts'
import { cell, markOf } from '../shared/text.ts'

/** Rows of each list of the answer; there is one row for each source and currency. */
const MOST_ROWS = 3

const NAME_ONE = 'name sources or currencies to get others'

const mover = z.object({
  coin_id: z.string(),
  source: z.string(),
  currency: z.string(),
  price: z.string(),
  change_24h_pct: z.string(),
  built_from: z.enum(['trades', 'candles']).optional().describe('of a series without prices'),
})
const wholeMarket = z.object({
  source: z.string(),
  currency: z.string(),
  time: z.string(),
  origin: z.string(),
  total_market_cap: z.string(),
  total_volume_24h: z.string(),
  btc_dominance: z.string().describe('in per cent'),
  eth_dominance: z.string().describe('in per cent'),
  active_coins: z.int(),
  markets: z.int(),
  change_24h_pct: z.string().optional(),
})
const breadth = z.object({
  source: z.string(),
  currency: z.string(),
  simulated: z.boolean(),
  time: z.string().describe('of the newest price'),
  coins: count,
  advancers: count,
  decliners: count,
  unchanged: count,
  mean_change_24h_pct: z.number().optional().describe('a float64 that we computed'),
})

const output = z.object({
  simulated: z.boolean().describe('whether any figure is invented'),
  manual: z.boolean().describe('whether any figure was handed in'),
  analytics: z.array(wholeMarket).describe('the latest of a source and currency'),
  analytics_count: count.describe('how many sources and currencies have them'),
  breadth: z.array(breadth).describe('counted from the latest prices; most coins first'),
  breadth_count: count.describe('how many sources and currencies were counted'),
  gainers: z.array(mover),
  losers: z.array(mover),
})

const PRESET = 3

export const getMarketSummary = defineTool({
  name: 'get_market_summary',
  title: 'Market summary',
  summary:
    'The market as a whole: capitalisation, dominance, how many coins rise and fall, the greatest gainers and losers of 24 hours; of exchanges computed from trades and candles. For a score of fear and greed use market_sentiment.',
  set: 'TimescaleDBFinancialTools',
  inDefaultSet: true,
  effect: 'read',
  pages: { by: 'movers', preset: PRESET },
  input: marketSummaryQuery.extend({
    movers: z.int().min(1).max(100).optional().describe(`how many gainers and losers; ${PRESET} when left out, at most 100`),
  }),
  output,
  async run({ sources, currencies, include_simulated, movers = PRESET }, { reads }) {
    const summary = await reads.dsl.getMarketSummary({ sources, currencies, includeSimulated: include_simulated, movers })
    const wire = summaryWire({ ...summary, breadth: summary.breadth.toSorted((a, b) => b.coins - a.coins) })
    return output.parse({
      ...wire,
      manual: [...summary.analytics, ...summary.breadth, ...summary.gainers, ...summary.losers].some(
        ({ source }) => source === MANUAL,
      ),
      analytics: wire.analytics.slice(0, MOST_ROWS),
      analytics_count: wire.analytics.length,
      breadth: wire.breadth.slice(0, MOST_ROWS),
      breadth_count: wire.breadth.length,
    })
  },
  facts: ({ analytics, analytics_count, breadth, breadth_count }) => ({
    times: [...analytics, ...breadth].map(({ time }) => time),
    from: [...analytics, ...breadth],
    missing: [
      someOf(analytics.length, analytics_count, 'source with market figures', NAME_ONE),
      someOf(breadth.length, breadth_count, 'source with prices', NAME_ONE),
    ],
  }),
  text: ({ simulated, manual, analytics, breadth, gainers, losers }) =>
    [
      ...(simulated ? ['some of these figures are simulated'] : []),
      ...(manual ? ['some of these figures were handed in (manual)'] : []),
      ...analytics.map(
        (row) =>
          `${cell(row.source)}: capitalisation ${row.total_market_cap} ${cell(row.currency)}, bitcoin ${row.btc_dominance} % (${row.time})`,
      ),
      ...breadth.map(
        (row) =>
          `${cell(row.source)} in ${cell(row.currency)}: ${row.advancers} up, ${row.decliners} down of ${countOf(row.coins, 'coin')}`,
      ),
      `gainers: ${moversText(gainers)}`,
      `losers: ${moversText(losers)}`,
    ].join('\n'),
})

const moversText = (movers: readonly z.infer<typeof mover>[]): string =>
  movers.map((mover) => `${cell(mover.coin_id)} ${mover.change_24h_pct} %${markOf(mover)}`).join(', ') || 'none'
