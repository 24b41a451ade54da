import { z } from 'zod'
import {
  Coverage,
  coverageQuery,
  formatTime,
  GAP_REASONS,
  type Gap,
  HISTORY_TYPES,
  type HistoryOffer,
  recordTypes,
  type SeriesCoverage,
  type Span,
  TIMEFRAMES,
} from '../../../lib/src/base/index.ts'
import { canFill, historyOffers } from '../../../lib/src/streaming/platform/index.ts'
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
        'stopped: the platform did not run; reconnect: the source did not; provider: it gave nothing; interrupted: a backfill did not end; unasked: before the source first ran',
      ),
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
          coin_id,
          source,
          currency,
          type: z.enum(HISTORY_TYPES).describe('prices or candles'),
          timeframe: z.enum(TIMEFRAMES).optional().describe('the length of the candles'),
          first: time.optional().describe('time of the first record'),
          last: time.optional().describe('time of the last record'),
          held: z.array(z.object({ from, to })).describe('without a hole, oldest first; the latest 1000'),
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
    const kept = await Coverage.open(platform.store.pool)
    const { items, more } = await kept.find(query)
    const offers = await offersOf(platform)
    const answer: z.input<typeof coverageSchema> = { items: items.map((series) => wire(series, offers)), more }
    return json(JSON.stringify(answer))
  },
})

type Offers = ReadonlyMap<string, readonly HistoryOffer[]>

const offersOf = async ({ config }: Served['platform']): Promise<Offers> => (config ? historyOffers(config) : new Map())

function wire({ coinId, first, last, held, gaps, ...series }: SeriesCoverage, offers: Offers) {
  return {
    coin_id: coinId,
    ...series,
    ...(first !== undefined && { first: formatTime(first) }),
    ...(last !== undefined && { last: formatTime(last) }),
    held: held.slice(-MOST).map(spanWire),
    held_in_all: held.length,
    gaps: gaps.slice(-MOST).map((gap) => gapWire(gap, canFill(offers, { coinId, ...series }, gap))),
    gaps_in_all: gaps.length,
  }
}

const spanWire = ({ from, to }: Span) => ({ from: formatTime(from), to: formatTime(to) })

const gapWire = ({ reason, settled, ...span }: Gap, fillable: boolean) => ({
  ...spanWire(span),
  reason,
  fillable,
  ...(settled && { answer: settled.reason, asked_at: formatTime(settled.askedAt) }),
})
