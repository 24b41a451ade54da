import { expect, it } from 'vitest'
import { BookFollower, type BookFollowerOptions } from '../../../lib/src/publishers/venue/book/BookFollower.ts'
import type { BookMessage } from '../../../lib/src/publishers/venue/book/message.ts'
import { binanceBook, bybitBook, coinbaseBook, krakenBook, okxBook } from '../../../lib/src/publishers/venue/book/protocols.ts'
import { describeWith } from '../../support/services.ts'
import { NaiveBook } from './naiveBook.ts'
import {
  binanceBooks,
  binanceTickers,
  bybitBooks,
  coinbaseBooks,
  krakenBooks,
  okxBooks,
  type RecordedBook,
} from './recordedBooks.ts'

interface Result {
  readonly outcomes: Record<string, number>
  readonly reasons: string[]
  readonly verified: number
  readonly unequal: number
  readonly books: ReadonlyMap<string, BookFollower>
}

/** Follows a whole capture, and compares the top 20 with the naive book after each message that was applied. */
function followAll(messages: Iterable<RecordedBook>, options: BookFollowerOptions): Result {
  const books = new Map<string, BookFollower>()
  const naive = new Map<string, NaiveBook>()
  const outcomes: Record<string, number> = {}
  const reasons: string[] = []
  const held: BookMessage[] = []
  let [verified, unequal] = [0, 0]
  for (const { instrument, message } of messages) {
    const follower = books.get(instrument) ?? new BookFollower(options)
    const model = naive.get(instrument) ?? new NaiveBook()
    books.set(instrument, follower)
    naive.set(instrument, model)
    const followed = follower.follow(message)
    outcomes[followed.kind] = (outcomes[followed.kind] ?? 0) + 1
    if (followed.kind === 'broken') reasons.push(`${instrument}: ${followed.reason}`)
    if (followed.kind === 'held' || followed.kind === 'needsSnapshot') held.push(message)
    if (followed.kind !== 'applied') continue
    if (message.kind === 'snapshot') model.reset(message)
    else model.apply(message)
    for (const delta of held.splice(0)) if ((delta.last as number) > (message.last as number)) model.apply(delta)
    if (options.protocol.windowed) model.cut(options.maxLevels)
    if (follower.verified) verified++
    if (JSON.stringify(follower.book.top(20)) !== JSON.stringify(model.top(20))) unequal++
  }
  return { outcomes, reasons, verified, unequal, books }
}

describeWith('recorded-data', 'order books of whole captures', () => {
  it('Kraken: the checksum of each of 4,269 updates holds', () => {
    const messages = [...krakenBooks()]
    expect(messages.filter(({ message }) => message.checksum !== undefined)).toHaveLength(4269)
    const { outcomes, reasons, verified, unequal, books } = followAll(messages, { protocol: krakenBook, maxLevels: 1000 })
    expect({ outcomes, reasons, verified, unequal }).toEqual({
      outcomes: { applied: 4279 },
      reasons: [],
      verified: 4269,
      unequal: 0,
    })
    expect(books.size).toBe(10)
    for (const { book } of books.values()) expect(Math.max(book.size.bids, book.size.asks)).toBeLessThanOrEqual(1000)
  })

  it('Kraken: with canonical figures no checksum holds, so the texts are kept', () => {
    const short = (text: string): string => text.replace(/\.?0+$/, '')
    const messages = [...krakenBooks()].map(({ instrument, message }) => ({
      instrument,
      message: {
        ...message,
        bids: message.bids.map(([price, size]) => [short(price), short(size) || '0'] as const),
        asks: message.asks.map(([price, size]) => [short(price), short(size) || '0'] as const),
      },
    }))
    const { outcomes, verified } = followAll(messages, { protocol: krakenBook, maxLevels: 1000 })
    expect(verified).toBe(0)
    expect(outcomes.broken).toBe(10)
  })

  it('OKX: the checksum of each of 290 messages holds', () => {
    const { outcomes, reasons, verified, unequal } = followAll(okxBooks(), { protocol: okxBook, maxLevels: 400 })
    expect({ outcomes, reasons, verified, unequal }).toEqual({
      outcomes: { applied: 290 },
      reasons: [],
      verified: 290,
      unequal: 0,
    })
  })

  it.each([
    ['btcusdt_20240808', { needsSnapshot: 1, held: 2, applied: 3449 }, 564],
    ['ethusdt_20240808', { needsSnapshot: 1, held: 1, applied: 3433 }, 577],
  ] as const)('Binance %s: no gap, and the best levels are those of the ticker', (file, outcomes, compared) => {
    // The capture has one snapshot of 1000 levels. Here it is taken for the whole book, as the naive book takes it.
    const messages = [...binanceBooks(file)].map(({ instrument, message: { limit: _, ...message } }) => ({ instrument, message }))
    const result = followAll(messages, { protocol: binanceBook, maxLevels: 5000, levels: 20 })
    expect(result).toMatchObject({ outcomes, reasons: [], unequal: 0 })
    expect(result.outcomes).toEqual(outcomes)

    const tickers = binanceTickers(file)
    const follower = new BookFollower({ protocol: binanceBook, maxLevels: 5000 })
    let same = 0
    for (const { message } of messages) {
      follower.follow(message)
      const ticker = follower.state === 'live' && tickers.get(follower.last as number)
      if (ticker && ++same)
        expect(follower.book.top(1), `update ${follower.last}`).toEqual({ bids: [ticker.bid], asks: [ticker.ask] })
    }
    expect(same).toBe(compared)
  })

  it('Binance: asks for a snapshot before the price leaves the 1000 levels of the first, and breaks when none comes', () => {
    const follower = new BookFollower({ protocol: binanceBook, maxLevels: 5000, levels: 20 })
    const events: string[] = []
    for (const { message } of binanceBooks('btcusdt_20240808')) {
      const { state } = follower
      const { kind } = follower.follow(message)
      if (state !== follower.state || kind === 'needsSnapshot') events.push(`${state} ${message.kind} ${kind} ${follower.state}`)
    }
    expect(events).toEqual([
      'waiting delta needsSnapshot waiting',
      'waiting snapshot applied live',
      'live delta needsSnapshot live',
      'live delta broken broken',
    ])
  })

  it('Coinbase: 9,719 updates of 10 books', () => {
    const { outcomes, reasons, verified, unequal } = followAll(coinbaseBooks(), {
      protocol: coinbaseBook,
      maxLevels: 5000,
      levels: 20,
    })
    expect({ outcomes, reasons, verified, unequal }).toEqual({
      outcomes: { applied: 9729 },
      reasons: [],
      verified: 9729,
      unequal: 0,
    })
  })

  it('Bybit: 4,278 messages, never beyond the 25 levels that were subscribed', () => {
    const { outcomes, reasons, unequal, books } = followAll(bybitBooks(), { protocol: bybitBook, maxLevels: 25 })
    expect({ outcomes, reasons, unequal }).toEqual({ outcomes: { applied: 4278 }, reasons: [], unequal: 0 })
    for (const { book } of books.values()) expect(book.size).toEqual({ bids: 25, asks: 25 })
  })
})
