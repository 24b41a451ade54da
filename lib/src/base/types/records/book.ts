import { compareDecimals, type Decimal } from '../decimal.ts'
import { CLOCK_SLACK, currency, ofInstrument } from './common.ts'
import { type BrokenRule, defineRecord, type RecordOf } from './define.ts'
import { boolean, decimalsField, integer } from './fields.ts'

export const book = defineRecord({
  name: 'book',
  summary: 'The best levels of an order book (a snapshot)',
  topic: 'crypto-books',
  table: 'books',
  key: ['coin_id', 'source', 'time', 'sequence'],
  ahead: CLOCK_SLACK,
  series: { by: ['coin_id', 'source'], shared: ['currency'], proof: 'sessions' },
  fields: {
    ...ofInstrument,
    currency: currency(),
    sequence: integer("the venue's sequence number, or a counter within one time"),
    levels: integer('most levels of a side that the snapshot holds'),
    bids: decimalsField('prices of the bids, the highest first'),
    bid_sizes: decimalsField('units wanted at each of them'),
    asks: decimalsField('prices of the asks, the lowest first'),
    ask_sizes: decimalsField('units offered at each of them'),
    verified: boolean("true if the venue's checksum, or its unbroken sequence, proves the book behind the snapshot"),
  },
  rule: ({ levels, bids, bidSizes, asks, askSizes }) =>
    brokenSide('bids', { prices: bids, sizes: bidSizes, levels, order: 1 }) ??
    brokenSide('asks', { prices: asks, sizes: askSizes, levels, order: -1 }) ??
    brokenTop(bids[0], asks[0]),
})
export type Book = RecordOf<typeof book>

interface Side {
  readonly prices: readonly Decimal[]
  readonly sizes: readonly Decimal[]
  readonly levels: number
  /** 1: descending; -1: ascending. */
  readonly order: 1 | -1
}

function brokenSide(name: 'bids' | 'asks', { prices, sizes, levels, order }: Side): BrokenRule | undefined {
  if (prices.length !== sizes.length)
    return {
      field: `${name.slice(0, -1)}_sizes`,
      message: `has ${sizes.length} figures for ${prices.length} prices in ${name}: expected one size for each price`,
    }
  if (prices.length > levels)
    return { field: name, message: `has ${prices.length} prices, more than levels ${levels}: leave out the worst` }
  for (let i = 1; i < prices.length; i++) {
    const [before, price] = [prices[i - 1] as Decimal, prices[i] as Decimal]
    if (compareDecimals(before, price) * order > 0) continue
    const wanted = order > 0 ? 'the highest first' : 'the lowest first'
    return { field: name, message: `has ${price} after ${before} (place ${i + 1}): expected ${wanted}, each price once` }
  }
  return undefined
}

function brokenTop(bid: Decimal | undefined, ask: Decimal | undefined): BrokenRule | undefined {
  if (bid === undefined && ask === undefined)
    return { field: 'bids', message: 'and asks are empty: expected a level on one side at least' }
  if (bid === undefined || ask === undefined || compareDecimals(bid, ask) < 0) return undefined
  return { field: 'asks', message: `begins at ${ask}, not above the best bid ${bid}: the book is crossed` }
}
