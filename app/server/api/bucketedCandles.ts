import { z } from 'zod'
import { bucketedQuery, bucketedWire } from '../../../lib/src/base/database/index.ts'
import { recordTypes, TIMEFRAMES } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { completeness, count, seriesSchema } from './schemas.ts'

const { coin_id: _, source: __, currency: ___, timeframe: ____, ...figures } = recordTypes.ohlcv.schema.shape

const schema = named(
  'BucketedCandleList',
  z
    .object({
      series: seriesSchema.describe('the series of the candles: real before simulated, then the most recent'),
      bucket: z.string().describe('the length of a candle, as in the request'),
      candles: z.array(
        named(
          'BucketedCandle',
          z
            .object({
              ...figures,
              from_timeframe: z.enum(TIMEFRAMES).optional().describe('the length of the bars that it was built from'),
              pieces: count('number of bars, trades or prices that it was built from; 1 for a stored bar'),
              ...completeness,
            })
            .describe('A candle, with how it was built'),
        ),
      ),
      other_series: z.array(seriesSchema).describe('other series of this coin: name a source or a currency to get one'),
    })
    .describe('Candles of one series, oldest first'),
)

export const bucketedCandles = defineRoute({
  path: '/api/v1/candles/bucketed',
  tag: 'Candles',
  name: 'bucketedCandles',
  summary: 'Candles of any length, by event time, built from stored bars, trades or prices',
  query: bucketedQuery,
  responses: { 200: { description: 'candles, oldest first', schema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) =>
    json(JSON.stringify(bucketedWire(await platform.store.reads.dsl.getTimeBucketedOHLCV(query)))),
})
