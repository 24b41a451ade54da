import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { parseQuery, spreadsQuery, spreadsWire } from '../../base/database/index.ts'
import { countOf } from '../../base/types/index.ts'
import { someOf } from '../shared/facts.ts'
import { limitOf } from '../shared/parameters.ts'
import { cell, markOf } from '../shared/text.ts'

const PRESET = 10

const bps = z.number().optional().describe('basis points; a float64 that we computed')
const side = z.object({
  coin_id: z.string(),
  source: z.string(),
  currency: z.string(),
  time: z.string(),
  price: z.string(),
  size: z.string(),
})
const venue = z.object({
  coin_id: z.string(),
  source: z.string(),
  currency: z.string(),
  time: z.string(),
  origin: z.string(),
  bid: z.string(),
  ask: z.string(),
  spread: z.string().describe('ask - bid, exact'),
  spread_bps: bps,
  age_seconds: z.number(),
  stale: z.boolean().describe('older than max_age: left out of the best'),
})

export const getSpreads = defineTool({
  name: 'get_spreads',
  title: 'Spreads between venues',
  summary:
    'The latest best bid and ask of one pair at each exchange, the spread of each, and the best bid minus the best ask across exchanges. Stale quotes are marked and left out of the best; USD and USDT are compared with `like` alone. Fees and transfer times are not counted.',
  set: 'AnalyticsTools',
  effect: 'read',
  pages: { by: 'limit', preset: PRESET },
  input: spreadsQuery.extend({ limit: limitOf(100, PRESET, 'most venues shown; the best counts all') }),
  output: z.object({
    coin: z.string(),
    max_age: z.number().describe('seconds'),
    computed: z.literal('float64').describe('basis points and ages; spreads and differences are exact'),
    venues: z.array(venue),
    venues_count: z.int().describe('how many there are'),
    stale_count: z.int().describe('how many of them are stale'),
    best: z.array(
      z.object({
        currencies: z.array(z.string()),
        venues: z.int().describe('quotes that are not stale'),
        bid: side,
        ask: side,
        difference: z.string().describe('best bid - best ask, exact; above 0: one venue bids more than another asks'),
        difference_bps: bps,
      }),
    ),
  }),
  async run({ limit = PRESET, ...query }, { reads }) {
    const { venues, ...rest } = spreadsWire(await reads.dsl.getSpreads(parseQuery(spreadsQuery, query)))
    return {
      ...rest,
      venues: venues.slice(0, limit).map((one) => venue.parse(one)),
      venues_count: venues.length,
      stale_count: venues.filter(({ stale }) => stale).length,
    }
  },
  facts: ({ venues, venues_count, stale_count, best }) => ({
    times: venues.map(({ time }) => time),
    from: venues,
    missing: [
      someOf(venues.length, venues_count, 'venue', 'name sources, or raise limit'),
      stale_count > 0 && `${countOf(stale_count, 'quote is', 'quotes are')} stale: raise max_age, or see get_data_health`,
      best.length === 0 && 'no best bid and ask: no quote is fresh',
    ],
  }),
  text: ({ venues, best }) =>
    [
      ...venues.map(
        (row) =>
          `${cell(row.coin_id)} at ${cell(row.source)}${markOf(row)}: bid ${row.bid}, ask ${row.ask} ${cell(row.currency)}, spread ${row.spread}${bpsText(row.spread_bps)}, ${row.age_seconds.toFixed(1)} s old${row.stale ? ' (stale)' : ''}`,
      ),
      ...best.map(
        ({ currencies, bid, ask, difference, difference_bps }) =>
          `best in ${currencies.map(cell).join(' and ')}: bid ${bid.price} at ${cell(bid.source)}, ask ${ask.price} at ${cell(ask.source)}; bid - ask ${difference}${bpsText(difference_bps)}`,
      ),
    ].join('\n'),
})

const bpsText = (value: number | undefined): string => (value === undefined ? '' : ` (${value.toFixed(2)} bps)`)
