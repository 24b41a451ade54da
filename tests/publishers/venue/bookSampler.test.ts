import { describe, expect, it } from 'vitest'
import { BookFollower } from '../../../lib/src/publishers/venue/book/BookFollower.ts'
import { BookSampler } from '../../../lib/src/publishers/venue/book/BookSampler.ts'
import { bookRecord } from '../../../lib/src/publishers/venue/book/bookRecord.ts'
import { okxChecksum } from '../../../lib/src/publishers/venue/book/checksums.ts'
import type { BookMessage } from '../../../lib/src/publishers/venue/book/message.ts'
import { OrderBook } from '../../../lib/src/publishers/venue/book/OrderBook.ts'
import {
  type BookProtocol,
  bybitBook,
  coinbaseBook,
  krakenBook,
  okxBook,
} from '../../../lib/src/publishers/venue/book/protocols.ts'

const SECOND = 1_000_000

const snapshot = (rest: Partial<BookMessage> = {}): BookMessage => ({
  kind: 'snapshot',
  bids: [
    ['99.50', '1.000'],
    ['99.40', '2'],
    ['99.30', '3'],
  ],
  asks: [['100.10', '4e-8']],
  ...rest,
})
const delta = (last: number, rest: Partial<BookMessage> = {}): BookMessage => ({
  ...{ kind: 'delta', last, bids: [['99.50', String(last)]], asks: [] },
  ...rest,
})
const sampled = (protocol: BookProtocol, everyMs = 1000) => {
  const follower = new BookFollower({ protocol, maxLevels: 100 })
  const sampler = new BookSampler({ everyMs, levels: 2 })
  return { follower, sample: (seconds: number) => sampler.sample(follower, seconds * SECOND)?.sequence }
}

describe('samples of a book', () => {
  it('are taken after a resync and then at most once an interval, of a changed book alone', () => {
    const { follower, sample } = sampled(bybitBook)
    expect(sample(0)).toBeUndefined()
    follower.follow(snapshot({ last: 10 }))
    expect(sample(1)).toBe(10)
    follower.follow(delta(11))
    expect([sample(1.999), sample(2), sample(3), sample(100)]).toEqual([undefined, 11, undefined, undefined])
    follower.follow(delta(12))
    expect([sample(100.5), sample(100.6)]).toEqual([12, undefined])
    follower.follow(snapshot({ last: 13 }))
    expect(sample(100.7)).toBe(13)
  })

  it('are not taken while the book is broken or unproven', () => {
    const { follower, sample } = sampled(bybitBook)
    follower.follow(snapshot({ last: 10 }))
    sample(1)
    follower.follow(delta(12))
    expect(sample(5)).toBeUndefined()
    follower.follow(snapshot({ last: 20 }))
    expect(sample(5)).toBe(20)

    const kraken = sampled(krakenBook)
    kraken.follower.follow(snapshot())
    expect(kraken.sample(1)).toBeUndefined()
  })

  it('are not taken of a crossed book, nor of an empty one', () => {
    const follower = new BookFollower({ protocol: okxBook, maxLevels: 100 })
    const sampler = new BookSampler({ everyMs: 0, levels: 2 })
    const sizes = [
      { bids: [], asks: [] },
      { bids: [['100.1', '1']], asks: [['100.1', '1']] },
      { bids: [['100.0', '1']], asks: [['100.1', '1']] },
    ] satisfies Pick<BookMessage, 'bids' | 'asks'>[]
    const taken = sizes.map((sides) => {
      const proof = new OrderBook({ maxLevels: 100, windowed: true })
      proof.reset(sides)
      expect(follower.follow({ kind: 'snapshot', last: 1, checksum: okxChecksum(proof), ...sides }).kind).toBe('applied')
      return sampler.sample(follower, SECOND) !== undefined
    })
    expect(taken).toEqual([false, false, true])
  })

  it('go on when the clock is set back', () => {
    const { follower, sample } = sampled(bybitBook)
    follower.follow(snapshot({ last: 1000 }))
    sample(100)
    follower.follow(delta(1001))
    expect(sample(50)).toBe(1001)
  })

  it('count the messages where the venue does not', () => {
    const { follower, sample } = sampled(coinbaseBook, 0)
    const { last: _, ...unnumbered } = delta(7)
    follower.follow(snapshot())
    expect(sample(1)).toBe(1)
    follower.follow(unnumbered)
    expect(sample(1)).toBe(2)
  })
})

describe('the record of a sample', () => {
  const origin = { coinId: 'BTC/USDT', source: 'bybit', currency: 'USDT', origin: 'live', receivedAt: 9 * SECOND } as const

  it('has canonical decimals, best first', () => {
    const follower = new BookFollower({ protocol: bybitBook, maxLevels: 100 })
    const sampler = new BookSampler({ everyMs: 0, levels: 2 })
    follower.follow(snapshot({ last: 10, time: 8 * SECOND }))
    const sample = sampler.sample(follower, 9 * SECOND)
    expect(sample && bookRecord(sample, origin)).toEqual({
      ...origin,
      time: 8 * SECOND,
      sequence: 10,
      levels: 2,
      bids: ['99.5', '99.4'],
      bidSizes: ['1', '2'],
      asks: ['100.1'],
      askSizes: ['0.00000004'],
      verified: true,
    })
  })

  it('is not verified where the connection alone shows that nothing is missing', () => {
    const follower = new BookFollower({ protocol: coinbaseBook, maxLevels: 100 })
    follower.follow(snapshot())
    const sample = new BookSampler({ everyMs: 0, levels: 2 }).sample(follower, 9 * SECOND)
    expect(sample && bookRecord(sample, origin)).toMatchObject({ levels: 2, verified: false })
  })

  it('has the time of its arrival where the venue sends none', () => {
    const sample = { bids: [], asks: [], time: undefined, sequence: 1, levels: 2, verified: true }
    expect(bookRecord(sample, origin).time).toBe(origin.receivedAt)
  })
})
