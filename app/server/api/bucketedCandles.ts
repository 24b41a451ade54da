import { z } from 'zod'
import { bucketedQuery, bucketedWire, recordTypes, TIMEFRAMES } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { completeness, count, seriesSchema } from './schemas.ts'

const { coin_id: _, source: __, currency: ___, timeframe: ____, ...figures } = recordTypes.ohlcv.schema.shape

const schema = z
  .object({
    series: seriesSchema.describe('what the candles are of: real before simulated, then the most recent'),
    bucket: z.string().describe('the length of a candle, as it was asked for'),
    candles: z.array(
      z
        .object({
          ...figures,
          from_timeframe: z.enum(TIMEFRAMES).optional().describe('the length of the bars it was rolled up from'),
          pieces: count('of how many bars, trades or prices it was made; 1 for a stored bar'),
          ...completeness,
        })
        .describe('A candle, and what it was made of'),
    ),
    other_series: z.array(seriesSchema).describe('what else there is of this coin: name a source or a currency to get it'),
  })
  .describe('Candles of one series, oldest first')

export const bucketedCandles = defineRoute({
  path: '/api/v1/candles/bucketed',
  name: 'bucketedCandles',
  summary: 'Candles of any length, by event time, from stored bars, trades or prices; each says what it was built from',
  query: bucketedQuery,
  responses: { 200: { description: 'candles, oldest first', schema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) =>
    json(JSON.stringify(bucketedWire(await platform.store.reads.dsl.getTimeBucketedOHLCV(query)))),
})
