import { z } from 'zod'
import { coverageQuery } from '../../../lib/src/base/database/index.ts'
import {
  formatTime,
  GAP_REASONS,
  type Gap,
  HISTORY_TYPES,
  recordTypes,
  type SeriesCoverage,
  type Span,
  TIMEFRAMES,
} from '../../../lib/src/base/types/index.ts'
import { canFill, historyOffers, type Offers } from '../../../lib/src/streaming/platform/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute, type Served } from '../route.ts'
import { count } from './schemas.ts'

const { coin_id, source, currency, time } = recordTypes.price.schema.shape as Record<
  'coin_id' | 'source' | 'currency' | 'time',
  z.ZodType
>
const from = time.describe('start')
const to = time.describe('end, exclusive')

export const spanSchema = named('Span', z.object({ from, to }).describe('A span of time'))

const gapSchema = named(
  'Gap',
  z
    .object({
      from,
      to,
      reason: z
        .enum(GAP_REASONS)
        .describe(
          'stopped: the platform did not run; reconnect: the source did not run, or was disconnected; provider: it sent nothing; interrupted: a backfill did not end; unasked: before the source first ran',
        ),
      detail: z.string().optional().describe("the source's own words for a disconnection"),
      missing: z
        .int()
        .optional()
        .describe('number of missing records, if the source numbers them; from and to are then the times of their neighbours'),
      first_number: z.int().optional().describe('the first sequence number that is missing'),
      last_number: z.int().optional().describe('the last sequence number that is missing'),
      fillable: z.boolean().describe('true if a backfill may fill it'),
      answer: z.string().optional().describe('why the provider had no data when it was asked'),
      asked_at: time.optional().describe('when it was asked'),
    })
    .describe('A gap in the stored data'),
)

const coverageSchema = named(
  'Coverage',
  z
    .object({
      items: z.array(
        named(
          'SeriesCoverage',
          z
            .object({
              coin_id: coin_id.optional().describe('absent for the whole market'),
              source,
              currency: currency.optional().describe('absent if the records have none'),
              type: z.enum(HISTORY_TYPES).describe('the record type'),
              timeframe: z.enum(TIMEFRAMES).optional().describe('the length of the candles'),
              first: time.optional().describe('time of the first record'),
              last: time.optional().describe('time of the last record'),
              held: z.array(spanSchema).describe('spans without a known gap, oldest first; the latest 1000'),
              held_in_all: count('number of these spans'),
              gaps: z.array(gapSchema).describe('gaps, oldest first; the latest 1000'),
              gaps_in_all: count('number of gaps'),
            })
            .describe('One series'),
        ),
      ),
      more: z.boolean().describe('true if there are more series: name coins, or raise limit'),
    })
    .describe('Stored spans and gaps of each series'),
)

/** Most spans of one series in an answer. */
const MOST = 1000

export const coverage = defineRoute({
  path: '/api/v1/coverage',
  tag: 'Completeness',
  name: 'coverage',
  summary: 'Stored spans and gaps of each series, with the reason of each gap',
  query: coverageQuery,
  responses: { 200: { description: 'coverage, ordered by coin', schema: coverageSchema } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) => {
    const kept = await platform.store.reads.coverage()
    const coins = query.coins && (await platform.store.reads.dsl.resolveCoins(query.coins, query))
    const { items, more } = await kept.find({ ...query, coins })
    const offers = await offersOf(platform, items)
    const answer: z.input<typeof coverageSchema> = { items: items.map((series) => wire(series, offers)), more }
    return json(JSON.stringify(answer))
  },
})

const offersOf = async ({ config }: Served['platform'], items: readonly SeriesCoverage[]): Promise<Offers> =>
  config
    ? historyOffers(
        config,
        items.map(({ source }) => source),
      )
    : new Map()

function wire({ coinId, currency, source, type, timeframe, first, last, held, gaps }: SeriesCoverage, offers: Offers) {
  const series = { source, type, ...(timeframe && { timeframe }) }
  return {
    ...(coinId !== '' && { coin_id: coinId }),
    ...(currency !== '' && { currency }),
    ...series,
    ...(first !== undefined && { first: formatTime(first) }),
    ...(last !== undefined && { last: formatTime(last) }),
    held: held.slice(-MOST).map(spanWire),
    held_in_all: held.length,
    gaps: gaps.slice(-MOST).map((gap) => gapWire(gap, canFill(offers, { coinId, currency, ...series }, gap))),
    gaps_in_all: gaps.length,
  }
}

const spanWire = ({ from, to }: Span) => ({ from: formatTime(from), to: formatTime(to) })

const gapWire = ({ reason, detail, numbers, missing, settled, ...span }: Gap, fillable: boolean) => ({
  ...spanWire(span),
  reason,
  ...(detail !== undefined && { detail }),
  ...(missing !== undefined && { missing }),
  ...(numbers && { first_number: numbers.first, last_number: numbers.last }),
  fillable,
  ...(settled && { answer: settled.reason, asked_at: formatTime(settled.askedAt) }),
})
