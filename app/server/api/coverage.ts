import { z } from 'zod'
import {
  coverageQuery,
  formatTime,
  GAP_REASONS,
  type Gap,
  HISTORY_TYPES,
  recordTypes,
  type SeriesCoverage,
  type Span,
  TIMEFRAMES,
} from '../../../lib/src/base/index.ts'
import { canFill, historyOffers, type Offers } from '../../../lib/src/streaming/platform/index.ts'
import { json } from '../headers.ts'
import { defineRoute, type Served } from '../route.ts'
import { count } from './schemas.ts'

const { coin_id, source, currency, time } = recordTypes.price.schema.shape as Record<
  'coin_id' | 'source' | 'currency' | 'time',
  z.ZodType
>
const from = time.describe('the first moment')
const to = time.describe('the first moment that no longer belongs to it')

const gapSchema = z
  .object({
    from,
    to,
    reason: z
      .enum(GAP_REASONS)
      .describe(
        'stopped: the platform did not run; reconnect: the source did not, or was cut off; provider: it gave nothing; interrupted: a backfill did not end; unasked: before the source first ran',
      ),
    detail: z.string().optional().describe('how the source worded the cut'),
    missing: z
      .int()
      .optional()
      .describe('how many records, where they are numbered without a gap; times are those of the neighbours'),
    first_number: z.int().optional().describe('the first sequence number that is missing'),
    last_number: z.int().optional().describe('the last sequence number that is missing'),
    fillable: z.boolean().describe('whether asking the source may fill it'),
    answer: z.string().optional().describe('what the provider said when it was asked in vain'),
    asked_at: time.optional().describe('when that was'),
  })
  .describe('What is missing')

const coverageSchema = z
  .object({
    items: z.array(
      z
        .object({
          coin_id: coin_id.optional().describe('absent for the whole market'),
          source,
          currency: currency.optional().describe('absent where records have none'),
          type: z.enum(HISTORY_TYPES).describe('the record type'),
          timeframe: z.enum(TIMEFRAMES).optional().describe('the length of the candles'),
          first: time.optional().describe('time of the first record'),
          last: time.optional().describe('time of the last record'),
          held: z.array(z.object({ from, to })).describe('nothing is known to be missing there; oldest first, the latest 1000'),
          held_in_all: count('how many there are'),
          gaps: z.array(gapSchema).describe('oldest first; the latest 1000'),
          gaps_in_all: count('how many there are'),
        })
        .describe('One series'),
    ),
    more: z.boolean().describe('whether there are more series: name coins, or raise limit'),
  })
  .describe('What is held, and what is missing')

/** Most stretches of one series in an answer. */
const MOST = 1000

export const coverage = defineRoute({
  path: '/api/v1/coverage',
  name: 'coverage',
  summary: 'What is held of each series, what is missing, why, and whether it can be filled',
  query: coverageQuery,
  responses: { 200: { description: 'coverage, ordered by coin', schema: coverageSchema } },
  errors: ['BAD_REQUEST', 'UNAVAILABLE', 'TIMEOUT'],
  answer: async ({ platform }, query) => {
    const kept = await platform.store.reads.coverage()
    const { items, more } = await kept.find(query)
    const offers = await offersOf(platform)
    const answer: z.input<typeof coverageSchema> = { items: items.map((series) => wire(series, offers)), more }
    return json(JSON.stringify(answer))
  },
})

const offersOf = async ({ config }: Served['platform']): Promise<Offers> => (config ? historyOffers(config) : new Map())

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
