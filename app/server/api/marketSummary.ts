import { z } from 'zod'
import { marketSummaryQuery, summaryWire } from '../../../lib/src/base/database/index.ts'
import { recordTypes } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { count } from './schemas.ts'

const { price, market_analytics } = recordTypes
const { source, currency } = price.schema.shape as Record<'source' | 'currency', z.ZodType>

const breadthSchema = named(
  'MarketBreadth',
  z
    .object({
      source,
      currency,
      simulated: z.boolean().describe('true if the prices counted are simulated'),
      time: price.schema.shape.time.describe('time of the newest price counted'),
      coins: count('coins counted'),
      advancers: count('coins whose 24 hour change is above 0'),
      decliners: count('coins whose 24 hour change is below 0'),
      unchanged: count('coins whose 24 hour change is exactly 0'),
      mean_change_24h_pct: z.number().optional().describe('mean of the 24 hour changes, in per cent: a float64 that we computed'),
    })
    .describe('Counts of one source and currency, computed from the latest prices'),
)

const mover = named(
  'MarketMover',
  price.schema.extend({
    built_from: z
      .enum(['trades', 'candles'])
      .optional()
      .describe(
        'of a series without prices, its last trade or close, and a change that we computed to six digits; absent where a price is stored',
      ),
  }),
)

const summarySchema = named(
  'MarketSummary',
  z
    .object({
      simulated: z.boolean().describe('true if any figure below is simulated'),
      analytics: z.array(market_analytics.schema).describe('the latest row of each source and currency'),
      breadth: z.array(breadthSchema),
      gainers: z.array(mover).describe('the greatest 24 hour changes'),
      losers: z.array(mover).describe('the least 24 hour changes'),
    })
    .describe('The market as a whole'),
)

export const marketSummary = defineRoute({
  path: '/api/v1/market/summary',
  tag: 'Prices',
  name: 'marketSummary',
  summary: 'The market as a whole: capitalisation, breadth and top movers',
  query: marketSummaryQuery,
  responses: { 200: { description: 'the market now', schema: summarySchema } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) =>
    json(JSON.stringify(summaryWire(await platform.store.reads.dsl.getMarketSummary(query)))),
})
