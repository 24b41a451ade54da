import { beforeAll, describe, expect, test } from 'vitest'
import { recordsOf } from '../../../lib/src/base/database/history/index.ts'
import { type Book, book, decimal, formatTime } from '../../../lib/src/base/types/index.ts'
import { aBook, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

const { dsl, timescale } = await testStore()
const figures = (...texts: string[]) => texts.map(decimal)
const sides: Partial<Book> = {
  bids: figures('100', '99.5', '99'),
  bidSizes: figures('0.1', '0.2', '1e-20'),
  asks: figures('100.5', '101'),
  askSizes: figures('3', '0.0000000000000000000000000000000000000001'),
}
const books: readonly Book[] = [
  aBook({ ...sides, time: MONDAY, sequence: 1 }),
  aBook({ ...sides, time: MONDAY, sequence: 2, bids: figures('100.1', '99.5', '99') }),
  aBook({ ...sides, time: MONDAY + MINUTE, sequence: 1, verified: false }),
  aBook({ source: 'kraken', time: MONDAY + 2 * MINUTE, bids: [], bidSizes: [] }),
  aBook({ source: 'simulated', origin: 'simulated', time: MONDAY + 3 * MINUTE }),
]
beforeAll(async () => {
  expect(await timescale.upsert(book, books)).toMatchObject({ written: books.length, failed: [] })
})

describe('the order book of a coin', () => {
  test('is the newest of a venue, with exact totals; others are named', async () => {
    expect(await dsl.getBook({ coin: 'BTC/USDT' })).toMatchObject({
      book: { source: 'kraken', bids: [] },
      bids: [],
      asks: [{ price: '101', size: '2.5', total: '2.5' }],
      others: [
        { source: 'binance', currency: 'USDT' },
        { source: 'simulated', currency: 'USDT' },
      ],
    })
    const own = await dsl.getBook({ coin: 'btc/usdt', source: 'binance' })
    expect(own).toMatchObject({
      book: { sequence: 1, time: MONDAY + MINUTE, verified: false },
      bids: [{ total: '0.1' }, { total: '0.3' }, { total: '0.30000000000000000001' }],
      asks: [{ total: '3' }, { total: '3.0000000000000000000000000000000000000001' }],
      spread: '0.5',
      others: [],
    })
    expect(own.spreadBps).toBeCloseTo(49.875, 2)
    expect(own.ageSeconds).toBeGreaterThan(0)
  })

  test('at a time is the last in the order of the venue that was there', async () => {
    const at = formatTime(MONDAY + 59_999_999)
    const found = await dsl.getBook({ coin: 'BTC/USDT', source: 'binance', at })
    expect(found).toMatchObject({ book: { sequence: 2 }, spread: '0.4', ageSeconds: 59.999999 })
    await expect(dsl.getBook({ coin: 'BTC/USDT', at: MONDAY - 1 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      field: 'at',
      message: expect.stringMatching(/no order book of "BTC\/USDT" at or before .* is stored: the first is of 2026-01-05/),
    })
  })

  test('has as many levels as were asked for', async () => {
    const found = await dsl.getBook({ coin: 'BTC/USDT', source: 'binance', levels: 1 })
    expect([found.bids.length, found.asks.length, found.book.bids.length]).toEqual([1, 1, 3])
    await expect(dsl.getBook({ coin: 'BTC/USDT', levels: 101 })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'levels' })
    await expect(dsl.getBook({ coin: 'NOTHING/USDT' })).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'coin' })
  })

  test('has a history, as records', async () => {
    const found: Book[] = []
    for await (const one of recordsOf<Book>(await dsl.openHistory('books', { source: 'binance' }))) found.push(one)
    expect(found).toEqual(books.slice(0, 3))
  })
})
