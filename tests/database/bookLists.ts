import fc from 'fast-check'
import { compareDecimals, type Decimal, decimal } from '../../lib/src/base/types/index.ts'

/** The lists of an order book on the wire. */
export interface BookLists {
  readonly levels: number
  readonly bids: readonly unknown[]
  readonly bid_sizes: readonly unknown[]
  readonly asks: readonly unknown[]
  readonly ask_sizes: readonly unknown[]
}

/** Lists that make up a valid book, from plain decimals in any notation. */
export const validLists = (figures: fc.Arbitrary<string>, most = 30): fc.Arbitrary<BookLists> =>
  fc
    .record({
      prices: fc.uniqueArray(figures, { selector: decimal, minLength: 1, maxLength: most }),
      sizes: fc.array(figures, { minLength: most, maxLength: most }),
      place: fc.nat(),
      more: fc.nat({ max: 5 }),
    })
    .map(({ prices, sizes, place, more }) => {
      const sorted = prices.toSorted((a, b) => compareDecimals(decimal(a) as Decimal, decimal(b) as Decimal))
      const split = place % (sorted.length + 1)
      const [bids, asks] = [sorted.slice(0, split).reverse(), sorted.slice(split)]
      return {
        levels: Math.max(bids.length, asks.length) + more,
        ...{ bids, bid_sizes: sizes.slice(0, bids.length), asks, ask_sizes: sizes.slice(-asks.length || sizes.length) },
      }
    })

/** Such lists with one fault of order, length or number. */
export const faultyLists = (figures: fc.Arbitrary<string>, odd: fc.Arbitrary<unknown>): fc.Arbitrary<BookLists> =>
  fc
    .record({
      lists: validLists(figures),
      name: fc.constantFrom('bids' as const, 'bid_sizes' as const, 'asks' as const, 'ask_sizes' as const),
      at: fc.nat(),
      value: fc.oneof({ weight: 2, arbitrary: figures }, { weight: 1, arbitrary: odd }),
      how: fc.constantFrom('replace', 'insert', 'remove', 'double', 'empty', 'long', 'levels', 'cross'),
    })
    .map(({ lists, name, at, value, how }) => {
      const list = lists[name]
      const place = at % (list.length + 1)
      const [before, after] = [list.slice(0, place), list.slice(place)]
      if (how === 'levels') return { ...lists, levels: at % 3 }
      if (how === 'cross') return { ...lists, asks: lists.bids, ask_sizes: lists.bid_sizes }
      const changed = {
        replace: [...before, value, ...after.slice(1)],
        insert: [...before, value, ...after],
        remove: [...before, ...after.slice(1)],
        double: [...before, ...before.slice(-1), ...after],
        empty: [],
        long: Array(101).fill('1'),
      }
      return { ...lists, [name]: changed[how] }
    })
