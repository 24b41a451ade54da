import { z } from 'zod'
import { anomaliesQuery, anomaliesWire } from '../../../lib/src/base/database/index.ts'
import { recordTypes, TIMEFRAMES } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { count, seriesSchema } from './schemas.ts'

const { time, close } = recordTypes.ohlcv.schema.shape as Record<'time' | 'close', z.ZodType>

const schema = named(
  'AnomalyList',
  z
    .object({
      series: seriesSchema,
      timeframe: z.enum(TIMEFRAMES),
      window: count('number of earlier returns that a return is compared with'),
      threshold: z.number().describe('the score above which a return is an anomaly'),
      examined: count('candles that were scored'),
      partial: count('closed candles that were not scored, because a part of them is not covered'),
      missing: count('returns still missing before a candle can be scored'),
      computed: z.literal('float64').describe('scores and bands are computed; they are no figures of the source'),
      anomalies: z.array(
        named(
          'Anomaly',
          z
            .object({
              time: time.describe('the open of the candle'),
              close,
              previous_close: close.describe('the close before it'),
              span: count('buckets between the two closes; more than 1 if candles are missing'),
              simulated: z.boolean(),
              log_return: z.number().describe('ln(close / previous close)'),
              score: z
                .number()
                .optional()
                .describe('robust standard deviations from the median return; absent if no earlier price moved'),
              expected: z.number().describe('the close that the median return would have given'),
              lower: z.number().describe('lower end of the usual closes'),
              upper: z.number().describe('upper end of the usual closes'),
            })
            .describe('A candle with an unusual return'),
        ),
      ),
    })
    .describe('Anomalies of one series, oldest first'),
)

export const anomalies = defineRoute({
  path: '/api/v1/anomalies',
  tag: 'Candles',
  name: 'anomalies',
  summary:
    'Candles with an unusual return: robust z-score of log returns, by median and median absolute deviation of the returns before',
  query: anomaliesQuery,
  responses: { 200: { description: 'anomalies, oldest first', schema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) =>
    json(JSON.stringify(anomaliesWire(await platform.store.reads.dsl.detectPriceAnomalies(query)))),
})
