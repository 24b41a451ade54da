import { describe, expect, it } from 'vitest'
import { decimal, type Trade, trade } from '../../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

const store = await testStore()
const { dsl } = store
const HOUR = 60 * MINUTE

const aTrade = (coinId: string, minute: number, price: string, more: Partial<Trade> = {}): Trade => ({
  coinId,
  source: 'coingecko',
  time: MONDAY + minute * MINUTE,
  receivedAt: MONDAY + 3 * HOUR,
  origin: 'live',
  currency: 'usd',
  tradeId: `${minute}-${price}`,
  side: 'buy',
  price: decimal(price),
  amount: decimal('0.1'),
  ...more,
})
const brief = async (query: Parameters<typeof dsl.getTimeBucketedOHLCV>[0]) =>
  (await dsl.getTimeBucketedOHLCV(query)).candles.map((c) => [
    (c.time - MONDAY) / MINUTE,
    c.open,
    c.high,
    c.low,
    c.close,
    c.volume,
    c.builtFrom,
    c.fromTimeframe,
    c.pieces,
  ])

describe('candles of any length', () => {
  it('are built from trades by event time, in any order of arrival', async () => {
    const trades = [
      aTrade('any', 0, '5'),
      aTrade('any', 9, '7'),
      aTrade('any', 4, '3'),
      aTrade('any', 10, '8'),
      aTrade('any', 31, '2'),
    ]
    await store.timescale.upsert(trade, trades.toReversed())
    expect(await brief({ coin: 'any', bucket: '10m' })).toEqual([
      [0, '5', '7', '3', '7', '0.3', 'trades', undefined, 3],
      [10, '8', '8', '8', '8', '0.1', 'trades', undefined, 1],
      [30, '2', '2', '2', '2', '0.1', 'trades', undefined, 1],
    ])
    await store.timescale.upsert(trade, [aTrade('any', 5, '9')])
    expect((await brief({ coin: 'any', bucket: '10m' }))[0]).toEqual([0, '5', '9', '3', '7', '0.4', 'trades', undefined, 4])
    expect((await brief({ coin: 'any', bucket: '90s' })).map((row) => row[0])).toEqual([0, 3, 4.5, 9, 30])
  })

  it('trades of one moment come in the order of their ids, so the order of arrival does not matter', async () => {
    const same = ['3', '1', '2'].map((id) => aTrade('tied', 0, id, { tradeId: id }))
    await store.timescale.upsert(trade, same)
    expect(await brief({ coin: 'tied', bucket: '1h' })).toEqual([[0, '1', '3', '1', '3', '0.3', 'trades', undefined, 3]])
  })

  it('prefer bars to trades and trades to prices, bucket by bucket, unless made_of names one', async () => {
    await dsl.storeOHLCV([0, 1].map((i) => aBar({ coinId: 'best', timeframe: '5m', time: MONDAY + 5 * i * MINUTE })))
    await store.timescale.upsert(
      trade,
      [0, 11].map((minute) => aTrade('best', minute, '70')),
    )
    await dsl.storePrices([0, 11, 21].map((minute) => aPrice({ coinId: 'best', time: MONDAY + minute * MINUTE, price: '80' })))
    const made = async (madeOf: 'any' | 'bars' | 'trades' | 'prices') =>
      (await dsl.getTimeBucketedOHLCV({ coin: 'best', bucket: '10m', madeOf })).candles.map((c) => [
        c.builtFrom,
        c.fromTimeframe,
        c.pieces,
      ])
    expect(await made('any')).toEqual([
      ['candles', '5m', 2],
      ['trades', undefined, 1],
      ['prices', undefined, 1],
    ])
    expect(await made('bars')).toEqual([['candles', '5m', 2]])
    expect(await made('trades')).toEqual([
      ['trades', undefined, 1],
      ['trades', undefined, 1],
    ])
    expect(await made('prices')).toHaveLength(3)
  })

  it('of a stored length are the stored bars', async () => {
    await dsl.storeOHLCV([aBar({ coinId: 'own', timeframe: '1h' })])
    expect(await brief({ coin: 'own', bucket: '60m' })).toEqual([[0, '10', '12', '9', '11', undefined, 'provider', undefined, 1]])
  })

  it('are limited to the latest of a range', async () => {
    await dsl.storePrices(Array.from({ length: 40 }, (_, i) => aPrice({ coinId: 'ranged', time: MONDAY + i * MINUTE })))
    const opens = async (query: object) => (await brief({ coin: 'ranged', bucket: '10m', ...query })).map((row) => row[0])
    expect(await opens({ limit: 2 })).toEqual([20, 30])
    expect(await opens({ from: MONDAY + MINUTE, to: MONDAY + 30 * MINUTE })).toEqual([10, 20])
  })

  it.each([
    ['7m', /near it are 6m and 8m|near it are 400s and 432s|near it are/],
    ['36h', /near it are 1d and 2d/],
    ['0m', /90s, 10m, 6h/],
    ['1y', /90s, 10m, 6h/],
    ['400d', /at most 366 days/],
  ])('%s is refused, and what would do is named', async (bucket, message) => {
    await expect(dsl.getTimeBucketedOHLCV({ coin: 'any', bucket })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      field: 'bucket',
      message: expect.stringMatching(message),
    })
  })
})
