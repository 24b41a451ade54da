import { z } from 'zod'
import { compareQuery, compareWire } from '../../../lib/src/base/database/index.ts'
import { recordTypes } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { count } from './schemas.ts'

const { coin_id, source, currency, time, price } = recordTypes.price.schema.shape as Record<
  'coin_id' | 'source' | 'currency' | 'time' | 'price',
  z.ZodType
>
const key = named('ComparedKey', z.object({ coin_id, source, currency }).describe('A series'))
const figure = (description: string) => z.number().optional().describe(`${description}; a float64 that we computed`)

const series = named(
  'ComparedSeries',
  z
    .object({
      ...{ coin_id, source, currency },
      simulated: z.boolean(),
      price: price.optional().describe('the latest price, trade or close'),
      built_from: z.enum(['prices', 'trades', 'candles']).optional(),
      time: time.optional().describe('of the price; of a close the end of its candle, or now while it is open'),
      age_seconds: z.number().optional().describe('seconds since then'),
      stale: z.boolean().describe('true if the price is older than max_age, or there is none: it is not compared'),
      candles: count('whole candles of the range'),
    })
    .describe('One source of the asset'),
)

const pair = named(
  'ComparedPair',
  z
    .object({
      reference: key,
      other: key,
      difference: price.optional().describe("the other's price minus the reference's, exact; absent if one is stale"),
      difference_bps: figure('basis points of the reference, above 0 where the other is higher'),
      candles: count('whole candles that both have: the figures below are of their closes'),
      only_reference: count('candles between that only the reference has'),
      only_other: count('candles between that only the other has'),
      mean_bps: figure('the mean difference, in basis points'),
      median_bps: figure('the median of the differences without their sign, in basis points'),
      greatest: named(
        'ComparedCandle',
        z
          .object({ time, bps: z.number(), reference: price, other: price })
          .describe('The closes of one candle, and their difference'),
      )
        .optional()
        .describe('the candle whose closes differ most'),
      correlation: figure("Pearson's r of the log returns"),
    })
    .describe('One source beside the reference of its currency'),
)

const schema = named(
  'Comparison',
  z
    .object({
      coin: coin_id,
      timeframe: z.string(),
      max_age: z.number().describe('open seconds of its market after which a price is stale'),
      computed: z.literal('float64').describe('basis points, correlations and ages; prices and differences are exact'),
      series: z.array(series),
      pairs: z.array(pair),
    })
    .describe('The sources of one asset, compared'),
)

export const compare = defineRoute({
  path: '/api/v1/compare',
  tag: 'Prices',
  name: 'compare',
  summary: 'The price and the candles of one asset at each of its sources, compared',
  query: compareQuery,
  responses: { 200: { description: 'the sources, and each beside the reference of its currency', schema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) => json(JSON.stringify(compareWire(await platform.store.reads.dsl.compareSources(query)))),
})
