import { describe, expect, test } from 'vitest'
import { type Book, book, decimal, encodedBatch, type QiError } from '../../lib/src/base/types/index.ts'
import { aBook } from './records.ts'
import { testStore } from './testStore.ts'

const LONG = '1234567890123456789012345678901234567890.1234567890123456789012345678901234567891'
const TINY = '0.0000000000000000000000000000000000000001'
const store = await testStore()
const { pool } = store

const listsOf = async (coinId: string) =>
  (
    await pool.query<{ bids: string; bid_sizes: string; asks: string; ask_sizes: string }>(
      'select bids::text, bid_sizes::text, asks::text, ask_sizes::text from books where coin_id = $1 order by time, sequence',
      [coinId],
    )
  ).rows

describe('an order book', () => {
  const exact = aBook({
    coinId: 'EXACT/USDT',
    bids: [LONG, '2', TINY, '0', `-${LONG}`].map(decimal),
    bidSizes: ['1', TINY, LONG, '2', '3'].map(decimal),
    asks: [],
    askSizes: [],
  })

  test.each([
    ['records', (one: Book) => store.timescale.upsert(book, [one])],
    [
      'encoded',
      (one: Book) =>
        store.timescale.upsertEncoded(book, [
          encodedBatch('t', 0, [{ offset: 0n, key: null, value: Buffer.from(book.encode(one)), timestamp: 0 }]),
        ]),
    ],
    ['one', (one: Book) => store.drizzle.insert(book, one)],
  ] as const)('is stored with all its digits, empty side included (%s)', async (way, write) => {
    await write({ ...exact, coinId: `${way}/USDT` })
    expect(await listsOf(`${way}/USDT`)).toEqual([
      { bids: `{${exact.bids.join(',')}}`, bid_sizes: `{${exact.bidSizes.join(',')}}`, asks: '{}', ask_sizes: '{}' },
    ])
  })

  test('is overwritten by the one received later, whatever the order of arrival', async () => {
    const first = aBook({ coinId: 'LATER/USDT' })
    const later = { ...first, receivedAt: first.receivedAt + 1, bidSizes: ['7'].map(decimal) }
    for (const one of [later, first]) await store.timescale.upsert(book, [one])
    expect(await listsOf('LATER/USDT')).toMatchObject([{ bid_sizes: '{7}' }])
  })

  test('that breaks its rule is refused by every way in, and named', async () => {
    const crossed = aBook({ coinId: 'BAD/USDT', asks: ['100'].map(decimal) })
    const reason = 'book: asks begins at 100, not above the best bid 100: the book is crossed'
    const { failed } = await store.timescale.upsert(book, [crossed, aBook({ coinId: 'GOOD/USDT' })])
    expect(failed.map(({ index, error }) => [index, error.code, error.message])).toEqual([[0, 'BAD_DATA', reason]])
    await expect(store.drizzle.insert(book, crossed)).rejects.toThrow(reason)
    const encoded = encodedBatch('t', 0, [{ offset: 0n, key: null, value: Buffer.from(book.encode(crossed)), timestamp: 0 }])
    expect((await store.timescale.upsertEncoded(book, [encoded])).failed.map(({ error }) => error.message)).toEqual([reason])
    expect(await listsOf('BAD/USDT')).toEqual([])
    expect(await listsOf('GOOD/USDT')).toHaveLength(1)
  })

  test.each([
    ['NaN', "'{NaN}'", 'books_readable'],
    ['infinity', "'{infinity}'", 'books_readable'],
    ['minus infinity', "'{-infinity}'", 'books_readable'],
    ['an element without a value', "'{null}'", 'books_readable'],
    ['two dimensions', "'{{1}}'", 'books_readable'],
    ['another count of elements', "'{1,0.5}'", 'books_readable'],
    ['another lower bound', "'[2:2]={1}'", 'books_readable'],
    ['101 elements', 'array_fill(1, array[101])', 'books_readable'],
    ['no list', 'null', 'not-null'],
  ])('with %s is refused by the table', async (_what, bids, named) => {
    const insert = `insert into books (coin_id, source, time, received_at, origin, currency, sequence, levels, bids, bid_sizes, asks, ask_sizes, verified)
      values ('SQL/USDT', 's', now(), now(), 'live', 'USDT', 1, 200, ${bids}, '{1}', '{}', '{}', true)`
    await expect(pool.query(insert)).rejects.toThrow(named)
    expect(await listsOf('SQL/USDT')).toEqual([])
  })
})

describe('the rule', () => {
  test.each([
    [{ bidSizes: [] }, 'bid_sizes', 'bid_sizes has 0 figures for 1 prices in bids: expected one size for each price'],
    [{ askSizes: ['1', '2'] }, 'ask_sizes', 'ask_sizes has 2 figures for 1 prices in asks'],
    [{ bids: ['99', '99'], bidSizes: ['1', '1'] }, 'bids', 'bids has 99 after 99 (place 2): expected the highest first'],
    [{ asks: ['103', '102'], askSizes: ['1', '1'] }, 'asks', 'asks has 102 after 103 (place 2): expected the lowest first'],
    [{ levels: 0 }, 'bids', 'bids has 1 prices, more than levels 0'],
    [{ bids: [], bidSizes: [], asks: [], askSizes: [] }, 'bids', 'bids and asks are empty'],
    [
      { bids: ['100.0000000000000000000000000000000000000001'], asks: ['100.0000000000000000000000000000000000000001'] },
      'asks',
      'the book is crossed',
    ],
  ])('%j is refused by %s', (change, field, reason) => {
    const wire = book.toWire({ ...aBook(), ...(change as unknown as Partial<Book>) })
    const error = (() => {
      try {
        book.fromWire(wire)
      } catch (thrown) {
        return thrown as QiError
      }
      throw new Error('not refused')
    })()
    expect([error.code, error.field]).toEqual(['BAD_DATA', field])
    expect(error.message).toContain(reason)
  })

  test('compares exactly: the last of 80 digits decides', () => {
    const near = ['100.0000000000000000000000000000000000000001', '100.0000000000000000000000000000000000000002'].map(decimal)
    expect(book.check(aBook({ bids: [near[0] as never], asks: [near[1] as never] }))).toMatchObject({ bids: [near[0]] })
  })

  test('an element at fault is named with its value', () => {
    const wire = { ...book.toWire(aBook()), bids: ['1e5'] }
    expect(() => book.fromWire(wire)).toThrow(/book: bids\.0 "1e5": expected a decimal string/)
    expect(() => book.fromWire({ ...wire, bids: Array(101).fill('1') })).toThrow(/bids .*100/)
  })
})
