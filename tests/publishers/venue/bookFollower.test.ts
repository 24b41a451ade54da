import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BookFollower, type Followed } from '../../../lib/src/publishers/venue/book/BookFollower.ts'
import { okxChecksum } from '../../../lib/src/publishers/venue/book/checksums.ts'
import type { BookMessage } from '../../../lib/src/publishers/venue/book/message.ts'
import { OrderBook } from '../../../lib/src/publishers/venue/book/OrderBook.ts'
import {
  type BookProtocol,
  binanceBook,
  bybitBook,
  coinbaseBook,
  krakenBook,
  okxBook,
} from '../../../lib/src/publishers/venue/book/protocols.ts'

const BEST = { bids: [['99', '1']], asks: [['101', '1']] } satisfies Partial<BookMessage>
const EMPTY = { bids: [], asks: [] }

const snapshot = (last?: number, rest: Partial<BookMessage> = {}): BookMessage => ({
  kind: 'snapshot',
  ...BEST,
  ...(last !== undefined && { last }),
  ...rest,
})
/** A delta that sets the size at 99 to its number. */
const delta = (first: number, last = first, rest: Partial<BookMessage> = {}): BookMessage => ({
  kind: 'delta',
  first,
  last,
  bids: [['99', String(last)]],
  asks: [],
  ...rest,
})
const following = (protocol: BookProtocol, maxHeld = 1000): BookFollower =>
  new BookFollower({ protocol, maxLevels: 100, maxHeld })
const kinds = (follower: BookFollower, ...messages: BookMessage[]): string[] =>
  messages.map((message) => follower.follow(message).kind)
const sizeOfBest = (follower: BookFollower): string | undefined => follower.book.top(1).bids[0]?.[1]
const reasonOf = (followed: Followed): string => (followed.kind === 'broken' ? followed.reason : followed.kind)

describe('Binance', () => {
  it('holds deltas, takes the snapshot, drops those in it, and goes on with the one that reaches over it', () => {
    const follower = following(binanceBook)
    expect(kinds(follower, delta(1, 4), delta(5, 8), delta(9, 12))).toEqual(['needsSnapshot', 'held', 'held'])
    expect(follower.state).toBe('waiting')
    expect(kinds(follower, snapshot(6))).toEqual(['applied'])
    expect([follower.state, follower.last, sizeOfBest(follower), follower.verified]).toEqual(['live', 12, '12', true])
    expect(kinds(follower, delta(13, 13), delta(14, 20))).toEqual(['applied', 'applied'])
  })

  it('asks again when the snapshot is older than what it held', () => {
    const follower = following(binanceBook)
    expect(kinds(follower, delta(10, 14), snapshot(8), snapshot(9))).toEqual(['needsSnapshot', 'needsSnapshot', 'applied'])
    expect(follower.last).toBe(14)
  })

  it('needs the first delta after the snapshot to reach over it', () => {
    const follower = following(binanceBook)
    expect(kinds(follower, snapshot(10), delta(5, 9), delta(8, 10), delta(9, 12))).toEqual([
      ...['applied', 'ignored', 'ignored', 'applied'],
    ])
    const late = following(binanceBook)
    expect(late.follow(snapshot(10)).kind).toBe('applied')
    expect(reasonOf(late.follow(delta(12, 13)))).toBe('updates between 10 and 12 are missing')
  })

  it('is broken by a gap, shows it once, and is made again from a snapshot with what it held', () => {
    const follower = following(binanceBook)
    kinds(follower, snapshot(10), delta(11))
    expect(reasonOf(follower.follow(delta(13)))).toBe('updates between 11 and 13 are missing')
    expect([follower.state, follower.verified, sizeOfBest(follower)]).toEqual(['broken', false, '11'])
    expect(kinds(follower, delta(14), snapshot(11), snapshot(12))).toEqual(['held', 'needsSnapshot', 'applied'])
    expect([follower.state, follower.last, sizeOfBest(follower), follower.resyncs]).toEqual(['live', 14, '14', 2])
  })

  it('orders what it held, and breaks again at a gap within it', () => {
    const follower = following(binanceBook)
    kinds(follower, delta(14), delta(12), delta(11), delta(13), delta(16))
    expect(reasonOf(follower.follow(snapshot(10)))).toBe('updates between 14 and 16 are missing')
    expect(kinds(follower, delta(17), snapshot(15))).toEqual(['held', 'applied'])
    expect(follower.last).toBe(17)
  })

  it('holds no more than the bound, the newest', () => {
    const follower = following(binanceBook, 20) // a delta of one change counts 2
    for (let i = 1; i <= 30; i++) follower.follow(delta(i))
    expect(kinds(follower, snapshot(19), snapshot(20))).toEqual(['needsSnapshot', 'applied'])
    expect(follower.last).toBe(30)
  })

  it('ignores a snapshot that is older than the live book, and takes a newer one', () => {
    const follower = following(binanceBook)
    expect(kinds(follower, snapshot(10), delta(11), snapshot(10), snapshot(20))).toEqual([
      ...['applied', 'applied', 'ignored', 'applied'],
    ])
    expect(sizeOfBest(follower)).toBe('1')
  })

  it('takes the predecessor that futures name, since their numbers have holes', () => {
    const follower = following(binanceBook)
    const futures = (first: number, last: number, previous: number): BookMessage => delta(first, last, { previous })
    expect(kinds(follower, snapshot(105), futures(101, 110, 95), futures(120, 130, 110))).toEqual([
      'applied',
      'applied',
      'applied',
    ])
    expect(reasonOf(follower.follow(futures(150, 160, 140)))).toBe('updates between 130 and 141 are missing')
  })

  it('fetches a snapshot before the price leaves the range of a cut one, and stays live meanwhile', () => {
    const side = (price: number, step: number): [string, string][] =>
      Array.from({ length: 20 }, (_, i) => [String(price + i * step), '1'])
    const follower = new BookFollower({ protocol: binanceBook, maxLevels: 50, levels: 2 })
    const cut = (last: number, price: number): BookMessage =>
      snapshot(last, { limit: 20, bids: side(price, -1), asks: side(200, 1) })
    const remove = (n: number, price: number): BookMessage => delta(n, n, { bids: [[String(price), '0']] })
    expect(kinds(follower, cut(1, 100), remove(2, 100))).toEqual(['applied', 'needsSnapshot'])
    expect(kinds(follower, remove(3, 99), remove(4, 98))).toEqual(['applied', 'applied'])
    expect([follower.state, follower.verified]).toEqual(['live', true])
    // The snapshot is older than the live book: what was held brings it up to date.
    expect(kinds(follower, cut(3, 98))).toEqual(['needsSnapshot'])
    expect([follower.last, follower.book.top(1).bids[0]?.[0], follower.book.size.bids]).toEqual([4, '97', 19])

    const left = new BookFollower({ protocol: binanceBook, maxLevels: 50, levels: 2 })
    left.follow(cut(1, 100))
    const results = Array.from({ length: 19 }, (_, i) => reasonOf(left.follow(remove(i + 2, 100 - i))))
    expect(results.at(-2)).toBe('applied')
    expect(results.at(-1)).toContain('fewer than 2 levels')
  })

  it('refuses settings with which it would fetch snapshots for ever', () => {
    expect(() => new BookFollower({ protocol: binanceBook, maxLevels: 100, levels: 20 })).toThrow('maxLevels')
    const follower = new BookFollower({ protocol: binanceBook, maxLevels: 1000, levels: 20 })
    expect(() => follower.follow(snapshot(1, { limit: 100 }))).toThrow('limit')
  })
})

describe('OKX', () => {
  const linked = (previous: number, last: number, rest: Partial<BookMessage> = {}): BookMessage => ({
    ...{ kind: 'delta', previous, last, checksum: 0, bids: [['99', String(last)]], asks: [] },
    ...rest,
  })

  it('follows the links, a heartbeat and a count that starts again', () => {
    const follower = following(okxBook)
    expect(kinds(follower, linked(5, 10))).toEqual(['ignored'])
    expect(kinds(follower, snapshot(10, { previous: -1, checksum: 0 }))).toEqual(['applied'])
    expect(kinds(follower, linked(10, 17), linked(17, 17, EMPTY), linked(17, 3), linked(3, 9))).toEqual([
      ...['applied', 'applied', 'applied', 'applied'],
    ])
    expect([follower.verified, follower.last]).toEqual([true, 9])
  })

  it('ignores a repeated message, and breaks at a missing one until the next snapshot', () => {
    const follower = following(okxBook)
    expect(kinds(follower, snapshot(10), linked(10, 12), linked(10, 12))).toEqual(['applied', 'applied', 'ignored'])
    expect(reasonOf(follower.follow(linked(13, 15)))).toBe('a message between 12 and 15 is missing')
    expect(kinds(follower, linked(15, 16), snapshot(20), linked(20, 21))).toEqual(['ignored', 'applied', 'applied'])
  })

  it('compares the checksum where one is sent', () => {
    const book = new OrderBook({ maxLevels: 9, windowed: true })
    book.reset({
      ...BEST,
      asks: [
        ['101', '1.0'],
        ['102', '2'],
      ],
    })
    const checksum = okxChecksum(book)
    const follower = following(okxBook)
    const asks: BookMessage['asks'] = [
      ['101', '1.0'],
      ['102', '2'],
    ]
    expect(kinds(follower, snapshot(undefined, { asks, checksum }))).toEqual(['applied'])
    expect(follower.verified).toBe(true)
    expect(reasonOf(follower.follow(snapshot(undefined, { asks: [['101', '1']], checksum })))).toContain('checksum')
  })
})

describe('Bybit', () => {
  it('wants each number after the one before, and takes number 1 as a snapshot', () => {
    const follower = following(bybitBook)
    const numbered = (last: number, rest: Partial<BookMessage> = {}): BookMessage => {
      const { first: _, ...message } = delta(last, last, rest)
      return message
    }
    expect(kinds(follower, numbered(7), snapshot(10), numbered(11), numbered(11))).toEqual([
      ...['ignored', 'applied', 'applied', 'ignored'],
    ])
    expect(follower.follow(numbered(13)).kind).toBe('broken')
    expect(kinds(follower, numbered(14), numbered(1, { ...BEST }), numbered(2))).toEqual(['ignored', 'applied', 'applied'])
    expect([follower.verified, sizeOfBest(follower)]).toEqual([true, '2'])
  })
})

describe('Coinbase and Kraken', () => {
  const plain = (bids: BookMessage['bids'], rest: Partial<BookMessage> = {}): BookMessage => ({
    kind: 'delta',
    bids,
    asks: [],
    ...rest,
  })

  it('Coinbase: the connection is checked by its feed, which breaks the book', () => {
    const follower = following(coinbaseBook)
    expect(kinds(follower, plain([['99', '5']]), snapshot(), plain([['99', '5']]))).toEqual(['ignored', 'applied', 'applied'])
    expect(follower.verified).toBe(true)
    expect(reasonOf(follower.fail('messages 4 to 6 of the connection are missing'))).toContain('connection')
    expect([follower.state, follower.verified]).toEqual(['broken', false])
    expect(kinds(follower, plain([['99', '6']]), snapshot())).toEqual(['ignored', 'applied'])
  })

  it('a crossed book is broken where no checksum proves it', () => {
    const follower = following(coinbaseBook)
    follower.follow(snapshot())
    expect(reasonOf(follower.follow(plain([['101', '1']])))).toBe('the best bid is not below the best ask')
  })

  it('Kraken: live after the snapshot, verified after the first checksum', () => {
    const follower = following(krakenBook)
    expect(kinds(follower, snapshot())).toEqual(['applied'])
    expect([follower.state, follower.verified]).toEqual(['live', false])
    expect(reasonOf(follower.follow(plain([['99', '2']], { checksum: 1 })))).toBe('the checksum 1 does not hold')
  })

  it('a figure that cannot be read breaks that book alone, and a new connection starts it again', () => {
    const follower = following(krakenBook)
    follower.follow(snapshot())
    expect(reasonOf(follower.follow(plain([['x', '2']])))).toContain('"x" is not a decimal')
    follower.restart()
    expect(follower.state).toBe('waiting')
    expect(kinds(follower, snapshot())).toEqual(['applied'])
    expect(reasonOf(follower.follow(snapshot(undefined, { bids: [['1', 'y']] })))).toContain('the snapshot cannot be read')
  })
})

describe.each([
  ['Binance', binanceBook, (n: number) => delta(2 * n, 2 * n + 1)],
  ['OKX', okxBook, (n: number) => delta(0, 2 * n + 1, { previous: 2 * n - 1 })],
  ['Bybit', bybitBook, (n: number) => delta(n + 100, n + 100)],
])('%s: whatever happens to the messages on their way', (_, protocol, message) => {
  const first = message(0)
  const start = snapshot((first.previous ?? (first.first as number) - 1) as number)
  const way = fc.record({ drop: fc.nat(9), copy: fc.nat(9), swap: fc.nat(8) })

  it('a live book is the book of its last number', () => {
    fc.assert(
      fc.property(way, fc.constantFrom('drop', 'copy', 'swap'), ({ drop, copy, swap }, fault) => {
        const sent = Array.from({ length: 10 }, (_, n) => message(n))
        const received = [...sent]
        if (fault === 'drop') received.splice(drop, 1)
        if (fault === 'copy') received.splice(copy, 0, received[copy] as BookMessage)
        if (fault === 'swap') received.splice(swap, 2, received[swap + 1] as BookMessage, received[swap] as BookMessage)
        const follower = following(protocol)
        const outcomes = kinds(follower, start, ...received)
        // The last message dropped cannot be told from a quiet market.
        const broken = fault === 'swap' || (fault === 'drop' && drop < 9)
        expect(follower.state).toBe(broken ? 'broken' : 'live')
        expect(outcomes.filter((kind) => kind === 'broken')).toHaveLength(broken ? 1 : 0)
        if (fault === 'copy') expect(outcomes.filter((kind) => kind === 'ignored')).toHaveLength(1)
        const applied = sent.filter(({ last }) => (last as number) <= (follower.last as number))
        expect(sizeOfBest(follower)).toBe(applied.at(-1)?.bids[0]?.[1] ?? '1')
      }),
    )
  })
})
