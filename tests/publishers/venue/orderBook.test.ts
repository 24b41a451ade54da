import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { krakenChecksum } from '../../../lib/src/publishers/venue/book/checksums.ts'
import type { BookLevels } from '../../../lib/src/publishers/venue/book/message.ts'
import { OrderBook } from '../../../lib/src/publishers/venue/book/OrderBook.ts'
import { isZeroSize, priceKey } from '../../../lib/src/publishers/venue/book/priceKey.ts'
import { NaiveBook } from './naiveBook.ts'

const windowed = (maxLevels = 1000): OrderBook => new OrderBook({ maxLevels, windowed: true })
const open = (maxLevels = 1000): OrderBook => new OrderBook({ maxLevels, windowed: false })
const bids = (...levels: [string, string][]): BookLevels => ({ bids: levels, asks: [] })

/** A whole number of hundredths as a price, with up to three trailing zeros more. */
const priceText = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('', '0', '000'))
  .map(([hundredths, zeros]) => `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}${zeros}`)
const sizeText = fc.constantFrom('0', '0.000', '0e-3', '1', '1.50', '0.00000001', '12345678901234567890.5')
const levels = fc.array(fc.tuple(priceText, sizeText), { maxLength: 40 })
const change = fc.record({ bids: levels, asks: levels })

describe('an order book', () => {
  it('equals a naive one after any changes, whatever the notation of prices', () => {
    fc.assert(
      fc.property(
        change,
        fc.array(change, { maxLength: 12 }),
        fc.integer({ min: 1, max: 30 }),
        (snapshot, changes, maxLevels) => {
          const book = windowed(maxLevels)
          const naive = new NaiveBook()
          book.reset(snapshot)
          naive.reset(snapshot)
          naive.cut(maxLevels)
          for (const each of changes) {
            book.apply(each)
            naive.apply(each)
            naive.cut(maxLevels)
            expect(book.top(maxLevels)).toEqual(naive.top(maxLevels))
          }
          expect(book.top(1000)).toEqual(naive.top(1000))
        },
      ),
    )
  })

  it('never shows a level wrong that its snapshot did not reach', () => {
    fc.assert(
      fc.property(change, fc.array(change, { maxLength: 12 }), fc.integer({ min: 1, max: 20 }), (whole, changes, limit) => {
        const truth = new NaiveBook()
        truth.reset(whole)
        const book = open(25)
        const cut = truth.top(limit)
        book.reset(cut, limit)
        for (const each of changes) {
          book.apply(each)
          truth.apply(each)
          const [known, all] = [book.top(1000), truth.top(1000)]
          for (const side of ['bids', 'asks'] as const) expect(known[side]).toEqual(all[side].slice(0, known[side].length))
          if (book.knows(5)) expect(book.top(5)).toEqual(truth.top(5))
        }
      }),
    )
  })

  it('keeps the newest texts of a price', () => {
    const book = windowed()
    book.reset(bids(['1.50', '2.000'], ['1.5', '3']))
    expect(book.top(9).bids).toEqual([['1.5', '3']])
    book.apply(bids(['1.500', '4.0']))
    expect(book.top(9).bids).toEqual([['1.500', '4.0']])
    book.apply(bids(['15e-1', '0.00']))
    expect(book.top(9).bids).toEqual([])
  })

  it('tells prices apart that are one float', () => {
    const [a, b, c] = ['0.1234567890123456789', '0.1234567890123456788', '123456789012345678901234567890']
    expect(Number(a)).toBe(Number(b))
    const book = windowed()
    book.apply(bids([b, '1'], [c, '1'], [a, '2'], ['0.5', '3']))
    expect(book.top(9).bids.map(([price]) => price)).toEqual([c, '0.5', a, b])
    book.apply(bids([b, '0']))
    expect(book.top(9).bids.map(([price]) => price)).toEqual([c, '0.5', a])
  })

  it('orders prices whose decimals grow while it runs', () => {
    const book = windowed()
    book.apply({ bids: [['10', '1']], asks: [['11', '1']] })
    book.apply({ bids: [['10.5', '1']], asks: [['10.75', '1']] })
    book.apply({ bids: [['10.50000001', '1']], asks: [['10.74999999', '1']] })
    expect(book.top(9).bids.map(([price]) => price)).toEqual(['10.50000001', '10.5', '10'])
    expect(book.top(9).asks.map(([price]) => price)).toEqual(['10.74999999', '10.75', '11'])
    expect(book.crossed).toBe(false)
    book.apply(bids(['10.74999999', '1']))
    expect(book.crossed).toBe(true)
  })

  it.each(['', '.', '.5', 'abc', '1.2.3', '1,5', ' 1', '1e', '-', '0x10', 'NaN', `1${'0'.repeat(41)}`])(
    'refuses the price and the size "%s"',
    (text) => {
      const book = windowed()
      book.reset(bids(['1', '1']))
      for (const level of [[text, '1'] as const, ['2', text] as const]) {
        expect(() => windowed().apply({ bids: [level], asks: [] })).toThrow(/decimal|digits/)
        expect(() => book.reset({ bids: [], asks: [level] })).toThrow(/decimal|digits/)
      }
      expect(book.top(9)).toEqual({ bids: [['1', '1']], asks: [] })
    },
  )

  it('refuses a negative size', () => {
    expect(() => windowed().apply(bids(['1', '-1']))).toThrow('negative')
  })
})

describe('a key of prices', () => {
  it('is the exact figure', () => {
    const text = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 4 }))
      .map(([digits, decimals, zeros]) => ({ digits, decimals, zeros }))
    fc.assert(
      fc.property(text, ({ digits, decimals, zeros }) => {
        const all = digits.toString().padStart(decimals + 1, '0')
        const written = `${all.slice(0, all.length - decimals)}.${all.slice(all.length - decimals)}${'0'.repeat(zeros)}`
        const key = priceKey(written, 12)
        expect(BigInt(key as bigint)).toBe(digits * 10n ** BigInt(12 - decimals))
        expect(typeof key).toBe(Number.isSafeInteger(Number(key)) ? 'number' : 'bigint')
      }),
    )
  })

  it('is not made where the price has more decimals than the scale', () => {
    expect(priceKey('1.2300', 2)).toBe(123)
    expect(priceKey('1.2301', 2)).toBeUndefined()
    expect(priceKey('1.23e-1', 2)).toBeUndefined()
    expect(priceKey('100', 2)).toBe(10_000)
    expect(priceKey('0', 2)).toBe(0)
  })

  it('knows a size of zero by any notation', () => {
    for (const zero of ['0', '0.0', '00', '0.00000000', '0e-8', '-0', '0E5']) expect(isZeroSize(zero), zero).toBe(true)
    for (const size of ['0.00000001', '1', '10', '1e-9', '100.0']) expect(isZeroSize(size), size).toBe(false)
  })
})

describe("Kraken's checksum", () => {
  // The book and the checksum of the venue's own guide (WebSocket v2).
  const asks = `45285.2 0.00100000 45286.4 1.54571953 45286.6 1.54571109 45289.6 1.54560911 45290.2 0.15890660
    45291.8 1.54553491 45294.7 0.04454749 45296.1 0.35380000 45297.5 0.09945542 45299.5 0.18772827`
  const bidTexts = `45283.5 0.10000000 45283.4 1.54582015 45282.1 0.10000000 45281.0 0.10000000 45280.3 1.54592586
    45279.0 0.07990000 45277.6 0.03310103 45277.5 0.30000000 45277.3 1.54602737 45276.6 0.15445238`
  const pairs = (text: string): [string, string][] => {
    const figures = text.split(/\s+/)
    return figures.flatMap((price, i) => (i % 2 === 0 ? [[price, figures[i + 1] as string]] : []))
  }

  it('is that of the guide, and needs the trailing zeros', () => {
    const book = windowed(10)
    book.reset({ bids: pairs(bidTexts), asks: pairs(asks) })
    expect(krakenChecksum(book)).toBe(3310070434)
    book.apply(bids(['45283.5', '0.1']))
    expect(krakenChecksum(book)).not.toBe(3310070434)
    book.apply(bids(['45283.5', '0.10000000']))
    expect(krakenChecksum(book)).toBe(3310070434)
  })
})
