import { z } from 'zod'
import {
  INDICATOR_NAMES,
  type IndicatorName,
  indicatorOf,
  indicatorQueries,
  indicatorWire,
} from '../../../lib/src/base/database/index.ts'
import { recordTypes, TIMEFRAMES } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { pascal } from '../openapi/pascal.ts'
import { defineRoute, type Route } from '../route.ts'
import { count, seriesSchema } from './schemas.ts'

const time = recordTypes.price.schema.shape.time as z.ZodType

/** A route for each indicator, because each has its own parameters and values. */
export const indicators: readonly Route[] = INDICATOR_NAMES.map(indicatorRoute)

function indicatorRoute(name: IndicatorName): Route {
  const { title, formula, values } = indicatorOf(name)
  const numbers = Object.fromEntries(
    Object.entries(values).map(([key, meaning]) => [key, z.number().describe(`${meaning}: a float64 that we computed`)]),
  )
  const schema = named(
    `${pascal(name)}Values`,
    z
      .object({
        series: seriesSchema,
        timeframe: z.enum(TIMEFRAMES),
        name: z.literal(name),
        params: z.string().describe('its parameters, such as period=14'),
        computed: z.literal('float64').describe('its values are computed; they are no figures of the source'),
        formula: z.string(),
        warm_up: count('candles needed before the first value'),
        missing: count('candles still missing before there can be a value'),
        history: count('candles before the first point that were used'),
        settled: z.boolean().describe('true if the history used is long enough that its start does not change the values'),
        holes: count('missing candles; their neighbours are taken as adjacent'),
        partial: count('closed candles used that are covered in part'),
        points: z.array(
          named(
            `${pascal(name)}Point`,
            z
              .object({
                time: time.describe('the open of its candle'),
                is_final: z.boolean().describe('true if its candle is closed'),
                partial: z.boolean().describe('true if a part of its candle is not covered'),
                ...numbers,
              })
              .describe('The indicator at one candle'),
          ),
        ),
      })
      .describe(`${title}, oldest first`),
  )
  return defineRoute({
    path: `/api/v1/indicators/${name}`,
    tag: 'Indicators',
    name: `indicator${pascal(name)}`,
    summary: `${title}: ${formula}`,
    query: indicatorQueries[name] as z.ZodObject,
    responses: { 200: { description: 'its values, oldest first', schema } },
    errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
    answer: async ({ platform }, query) =>
      json(JSON.stringify(indicatorWire(await platform.store.reads.dsl.calculateIndicator(name, query as never)))),
  })
}
