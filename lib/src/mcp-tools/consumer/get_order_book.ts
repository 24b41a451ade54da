import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { bookQuery, bookWire, parseQuery } from '../../base/database/index.ts'
import { limitOf } from '../shared/parameters.ts'
import { cell, markOf } from '../shared/text.ts'

const PRESET = 10

const level = z.object({
  price: z.string(),
  size: z.string(),
  total: z.string().describe('sum of the sizes from the best price to this one, exact'),
})

export const getOrderBook = defineTool({
  name: 'get_order_book',
  title: 'Order book',
  summary:
    'The latest stored order book of one coin at one exchange, now or at or before a time: prices and sizes of both sides, sums of the sizes, spread, age, and whether the book was verified by a checksum or an unbroken sequence.',
  set: 'AnalyticsTools',
  effect: 'read',
  pages: { by: 'limit', preset: PRESET },
  input: bookQuery.omit({ levels: true }).extend({ limit: limitOf(100, PRESET, 'most levels of each side') }),
  output: z.object({
    coin_id: z.string(),
    source: z.string(),
    currency: z.string(),
    time: z.string(),
    origin: z.string(),
    sequence: z.int(),
    verified: z.boolean().describe("the venue's checksum or unbroken sequence proves the book"),
    computed: z.literal('float64').describe('basis points and age; figures are exact'),
    spread: z.string().optional().describe('best ask - best bid, exact'),
    spread_bps: z.number().optional().describe('basis points of the mid price; a float64 that we computed'),
    age_seconds: z.number(),
    bids: z.array(level).describe('the highest first'),
    asks: z.array(level).describe('the lowest first'),
    others: z.array(z.object({ source: z.string(), currency: z.string() })).describe('other series with a book'),
  }),
  async run({ limit = PRESET, ...query }, { reads }) {
    const { received_at: _, ...book } = bookWire(await reads.dsl.getBook(parseQuery(bookQuery, { ...query, levels: limit })))
    return book
  },
  facts: (book) => ({
    times: [book.time],
    from: [book],
    missing: [
      !book.verified && 'the book is not verified: levels may be missing or stale',
      (book.bids.length === 0 || book.asks.length === 0) && 'a side of the book is empty',
    ],
  }),
  text: (book) => {
    const bps = book.spread_bps === undefined ? '' : ` (${book.spread_bps.toFixed(2)} bps)`
    const line = (side: string, levels: readonly z.infer<typeof level>[]) =>
      `${side}: ${levels.map(({ price, size }) => `${size} at ${price}`).join(', ') || 'none'}`
    return [
      `${cell(book.coin_id)} at ${cell(book.source)}${markOf(book)}: ${book.age_seconds.toFixed(1)} s old, ${book.verified ? 'verified' : 'not verified'}${book.spread === undefined ? '' : `, spread ${book.spread} ${cell(book.currency)}${bps}`}`,
      line('asks', book.asks),
      line('bids', book.bids),
    ].join('\n')
  },
})
