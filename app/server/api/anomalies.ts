import { z } from 'zod'
import { anomaliesQuery, anomaliesWire, recordTypes, TIMEFRAMES } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { count, seriesSchema } from './schemas.ts'

const { time, close } = recordTypes.ohlcv.schema.shape as Record<'time' | 'close', z.ZodType>

const schema = z
  .object({
    series: seriesSchema,
    timeframe: z.enum(TIMEFRAMES),
    window: count('how many returns before a candle its own was measured against'),
    threshold: z.number().describe('the score beyond which a return is an anomaly'),
    examined: count('candles that were scored'),
    partial: count('closed candles that were left out, since a part of them is not covered'),
    missing: count('returns still missing before a candle can be scored'),
    computed: z.literal('float64').describe('scores and bands are ours and not figures of the source'),
    anomalies: z.array(
      z
        .object({
          time: time.describe('the open of the candle'),
          close,
          previous_close: close.describe('the close before it'),
          span: count('how many buckets lie between the two closes; more than 1 where candles are missing'),
          simulated: z.boolean(),
          log_return: z.number().describe('ln(close / previous close)'),
          score: z
            .number()
            .optional()
            .describe('robust standard deviations from the median return; absent where nothing moved before'),
          expected: z.number().describe('the close that the median return would have given'),
          lower: z.number().describe('closes from here'),
          upper: z.number().describe('to here would not have stood out'),
        })
        .describe('A candle whose return stands out'),
    ),
  })
  .describe('Anomalies of one series, oldest first')

export const anomalies = defineRoute({
  path: '/api/v1/anomalies',
  name: 'anomalies',
  summary:
    'Candles whose return stands out from those before it: robust z-score of log returns by median and median absolute deviation',
  query: anomaliesQuery,
  responses: { 200: { description: 'anomalies, oldest first', schema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) =>
    json(JSON.stringify(anomaliesWire(await platform.store.reads.dsl.detectPriceAnomalies(query)))),
})
