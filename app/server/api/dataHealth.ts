import { z } from 'zod'
import { dataHealthQuery, dataHealthWire, HEALTH } from '../../../lib/src/base/database/index.ts'
import { GAP_REASONS, recordTypes, TIMEFRAMES } from '../../../lib/src/base/types/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { spanSchema } from './coverage.ts'
import { count } from './schemas.ts'

const { coin_id, source, currency, time } = recordTypes.price.schema.shape as Record<
  'coin_id' | 'source' | 'currency' | 'time',
  z.ZodType
>

const missingNumbers = named(
  'MissingTrades',
  z
    .object({
      first_number: count('the first missing number'),
      last_number: count('the last one'),
      missing: count('number of missing trades'),
      from: time.describe('time of the trade before'),
      to: time.describe('time of the trade after, plus a microsecond'),
      reason: z.enum(GAP_REASONS).describe('as in coverage'),
      detail: z.string().optional().describe("the source's own words for a disconnection"),
      answer: z.string().optional().describe('why the provider had no data when it was asked'),
    })
    .describe('A range of missing trade numbers'),
)

const seriesHealth = named(
  'SeriesHealth',
  z
    .object({
      coin_id,
      source,
      currency,
      kind: z.enum([...TIMEFRAMES, 'trades', 'prices']).describe('bars of a timeframe, trades or prices'),
      simulated: z.boolean().describe('true if its newest row is simulated'),
      first: time.describe('time of the oldest stored row'),
      last: time.describe('time of the newest stored row'),
      age_seconds: z
        .number()
        .describe(
          'seconds from the newest row (for a bar its close) to the end of the checked time; below 0 if the row is later',
        ),
      rows: count('rows in the checked time; at most 200,000 are checked'),
      future: count('rows of the series that lie more than five minutes in the future; they never count as the newest'),
      expected: count('for bars: the expected number').optional(),
      interval_seconds: z.number().optional().describe('for prices and trades: the median time between two rows'),
      missing: count('for trades that their source numbers: the number of missing trades').optional(),
      missing_numbers: z.array(missingNumbers).optional().describe('the ten ranges with the most missing trades, in order'),
      gaps: count('number of gaps'),
      longest: z.array(spanSchema).describe('the ten longest gaps, oldest first'),
      late: count('live rows that arrived after a live row with a later time'),
      open: count('for bars: the number that is not closed').optional(),
      filled: count('for bars: the number that fills a bucket without trades').optional(),
      flawed: count('for bars: the number that is impossible, such as a high below the low').optional(),
      contradicted: count(
        'for bars: the number of closed ones that contradict finer bars, trades or prices; the newest 500 are compared',
      ).optional(),
      status: z
        .enum(HEALTH)
        .describe(
          'stale: no row for longer than usual (for bars their own length; else ten times the median interval; at least a minute). gappy: gaps, or missing trade numbers. flawed: impossible bars. future: rows that lie in the future',
        ),
      reason: z.string().optional().describe('why it is not ok'),
    })
    .describe('The health of one series'),
)

const schema = named(
  'SeriesHealthPage',
  z
    .object({
      items: z.array(seriesHealth),
      next: z.string().optional().describe('pass it as `after` to get the next page; absent on the last one'),
    })
    .describe('The health of series'),
)

export const dataHealth = defineRoute({
  path: '/api/v1/data-health',
  tag: 'Completeness',
  name: 'dataHealth',
  summary: 'How fresh and complete the stored data of each series is',
  query: dataHealthQuery,
  responses: { 200: { description: 'series, ordered by coin, source, currency and kind', schema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) =>
    json(JSON.stringify(dataHealthWire(await platform.store.reads.dsl.getDataHealth(query)))),
})
