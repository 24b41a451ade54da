import { z } from 'zod'
import { spreadsQuery, spreadsWire } from '../../../lib/src/base/database/index.ts'
import { recordTypes } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { count } from './schemas.ts'

const { coin_id, source, currency, time, origin, bid, bid_size, ask, ask_size } = recordTypes.quote.schema.shape as Record<
  'coin_id' | 'source' | 'currency' | 'time' | 'origin' | 'bid' | 'bid_size' | 'ask' | 'ask_size',
  z.ZodType
>

const side = named(
  'BestSide',
  z
    .object({ coin_id, source, currency, time, price: bid, size: bid_size })
    .describe('The greatest bid or the least ask of all venues'),
)

const bps = (description: string) => z.number().optional().describe(`${description}: basis points, a float64 that we computed`)

const schema = named(
  'Spreads',
  z
    .object({
      coin: coin_id,
      max_age: z.number().describe('open seconds of its market after which a quote is stale'),
      computed: z.literal('float64').describe('basis points and ages are computed; spreads and differences are exact'),
      venues: z.array(
        named(
          'VenueSpread',
          z
            .object({
              ...{ coin_id, source, currency, time, origin, bid, bid_size, ask, ask_size },
              spread: bid.describe('ask minus bid, exact'),
              spread_bps: bps('the spread, of the price between bid and ask'),
              age_seconds: z.number().describe('seconds since the time of the quote'),
              stale: z.boolean().describe('true if it is older than max_age: it is left out of the best'),
            })
            .describe('The latest quote of one venue'),
        ),
      ),
      best: z.array(
        named(
          'BestSpread',
          z
            .object({
              currencies: z.array(z.string()).describe('the currency of the figures; two if `like` compares them'),
              venues: count('quotes that are not stale'),
              bid: side,
              ask: side,
              difference: bid.describe('best bid minus best ask, exact: above 0 if one venue bids more than another asks'),
              difference_bps: bps('the difference, of the price between the two'),
            })
            .describe('The best across venues'),
        ),
      ),
    })
    .describe('Best bids and asks of one coin'),
)

export const spreads = defineRoute({
  path: '/api/v1/spreads',
  tag: 'Prices',
  name: 'spreads',
  summary: 'The best bid and ask of each venue now, the spread of each, and the difference between venues',
  query: spreadsQuery,
  responses: { 200: { description: 'the latest quotes', schema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) => json(JSON.stringify(spreadsWire(await platform.store.reads.dsl.getSpreads(query)))),
})
