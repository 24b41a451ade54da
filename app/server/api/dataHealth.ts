import { z } from 'zod'
import { dataHealthQuery, dataHealthWire, GAP_REASONS, HEALTH, recordTypes, TIMEFRAMES } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { count } from './schemas.ts'

const { coin_id, source, currency, time } = recordTypes.price.schema.shape as Record<
  'coin_id' | 'source' | 'currency' | 'time',
  z.ZodType
>

const missingNumbers = z
  .object({
    first_number: count('the first missing number'),
    last_number: count('the last one'),
    missing: count('how many trades'),
    from: time.describe('time of the trade before'),
    to: time.describe('time of the trade after, and a microsecond'),
    reason: z.enum(GAP_REASONS).describe('as in coverage'),
    detail: z.string().optional().describe('of a cut inside the source: how the source worded it'),
    answer: z.string().optional().describe('what the provider said when it was asked in vain'),
  })
  .describe('Trades that are missing by number')

const seriesHealth = z
  .object({
    coin_id,
    source,
    currency,
    kind: z.enum([...TIMEFRAMES, 'trades', 'prices']).describe('bars of a timeframe, trades or prices'),
    simulated: z.boolean().describe('whether its newest row is simulated'),
    first: time.describe('time of the oldest row held'),
    last: time.describe('time of the newest row held'),
    age_seconds: z
      .number()
      .describe('from the newest row (of a bar: its close) to the end of the stretch; below 0 where it lies ahead'),
    rows: count('rows within the stretch; at most 200,000 are looked at'),
    future: count('rows of the series that lie more than five minutes ahead; they are never the newest'),
    expected: count('of bars: how many there should be').optional(),
    interval_seconds: z.number().optional().describe('of prices and trades: the median of the times between two rows'),
    missing: count('of trades that their source numbers without a gap: how many are missing by number').optional(),
    missing_numbers: z.array(missingNumbers).optional().describe('the ten ranges that miss the most, in their order'),
    gaps: count('how many holes'),
    longest: z.array(z.object({ from: time, to: time })).describe('the ten longest holes, oldest first'),
    late: count('live rows that arrived after a live one with a later time'),
    open: count('of bars: how many are not closed').optional(),
    filled: count('of bars: how many fill a bucket in which nothing traded').optional(),
    flawed: count('of bars: how many cannot be right, such as one whose high is below its low').optional(),
    contradicted: count(
      'of bars: how many closed ones disagree with finer bars, trades or prices; the newest 500 are compared',
    ).optional(),
    status: z
      .enum(HEALTH)
      .describe(
        'stale: silent for longer than usual (a bar: its own length; else ten times the median interval; at least a minute). gappy: with holes, or with trades missing by number. flawed: with bars that cannot be right. future: with rows that lie ahead of the clock',
      ),
    reason: z.string().optional().describe('why it is not ok'),
  })
  .describe('What is held of one series')

const schema = z
  .object({
    items: z.array(seriesHealth),
    next: z.string().optional().describe('pass it as `after` to get the next page; absent on the last one'),
  })
  .describe('The health of series')

export const dataHealth = defineRoute({
  path: '/api/v1/data-health',
  name: 'dataHealth',
  summary: 'What is held of each series, how fresh and how complete it is',
  query: dataHealthQuery,
  responses: { 200: { description: 'series, ordered by coin, source, currency and kind', schema } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) =>
    json(JSON.stringify(dataHealthWire(await platform.store.reads.dsl.getDataHealth(query)))),
})
