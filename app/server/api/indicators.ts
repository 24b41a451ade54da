import { z } from 'zod'
import {
  INDICATOR_NAMES,
  type IndicatorName,
  indicatorOf,
  indicatorQueries,
  indicatorWire,
  recordTypes,
  TIMEFRAMES,
} from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute, type Route } from '../route.ts'
import { count, seriesSchema } from './schemas.ts'

const time = recordTypes.price.schema.shape.time as z.ZodType

/** One route for each indicator: what it takes and what it gives are its own. */
export const indicators: readonly Route[] = INDICATOR_NAMES.map(indicatorRoute)

function indicatorRoute(name: IndicatorName): Route {
  const { title, formula, values } = indicatorOf(name)
  const numbers = Object.fromEntries(
    Object.entries(values).map(([key, meaning]) => [key, z.number().describe(`${meaning}: a float64 that we computed`)]),
  )
  const schema = z
    .object({
      series: seriesSchema,
      timeframe: z.enum(TIMEFRAMES),
      name: z.literal(name),
      params: z.string().describe('its parameters, such as period=14'),
      computed: z.literal('float64').describe('its values are ours and not figures of the source'),
      formula: z.string(),
      warm_up: count('candles needed before the first value'),
      missing: count('candles still missing before there can be a value'),
      history: count('candles before the first point that went into it'),
      settled: z.boolean().describe('whether so much history went in that the point where it began no longer shows'),
      holes: count('empty buckets among the candles used, which are taken as adjacent'),
      partial: count('closed candles among those used of which a part is not covered'),
      points: z.array(
        z.object({
          time: time.describe('the open of its candle'),
          is_final: z.boolean().describe('whether its candle is closed'),
          partial: z.boolean().describe('whether a part of its candle is not covered'),
          ...numbers,
        }),
      ),
    })
    .describe(`${title}, oldest first`)
  return defineRoute({
    path: `/api/v1/indicators/${name}`,
    name: `indicator${name[0]?.toUpperCase()}${name.slice(1)}`,
    summary: `${title}: ${formula}`,
    query: indicatorQueries[name] as z.ZodObject,
    responses: { 200: { description: 'its values, oldest first', schema } },
    errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
    answer: async ({ platform }, query) =>
      json(JSON.stringify(indicatorWire(await platform.store.reads.dsl.calculateIndicator(name, query as never)))),
  })
}
