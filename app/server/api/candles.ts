import { z } from 'zod'
import { candlesQuery, recordTypes, seriesWire, TIMEFRAMES } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { completeness, seriesSchema } from './schemas.ts'

const { ohlcv } = recordTypes
const timeframe = z.enum(TIMEFRAMES)

const candlesSchema = z
  .object({
    series: seriesSchema.describe('what the candles are of: real before simulated, then the most recent'),
    timeframe,
    candles: z.array(
      ohlcv.schema
        .extend({
          from_timeframe: timeframe.optional().describe('the length of the bars it was rolled up from'),
          ...completeness,
        })
        .describe('A candle, and what it was rolled up from'),
    ),
    other_series: z.array(seriesSchema).describe('what else there is of this coin: name a source or a currency to get it'),
  })
  .describe('Candles of one series, oldest first')

export const candles = defineRoute({
  path: '/api/v1/candles',
  name: 'candles',
  summary: "Candles of one coin: the provider's bars where held, else a rollup of finer bars",
  query: candlesQuery,
  responses: { 200: { description: 'candles, oldest first', schema: candlesSchema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) => {
    const { series, timeframe, candles, otherSeries } = await platform.store.reads.dsl.getOHLCVJson(query)
    const head = JSON.stringify({ series: seriesWire(series), timeframe })
    const others = JSON.stringify(otherSeries.map(seriesWire))
    return json(`${head.slice(0, -1)},"candles":${candles},"other_series":${others}}`)
  },
})
