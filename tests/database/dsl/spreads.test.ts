import { describe, expect, it } from 'vitest'
import { decimal, nowMicros, type Origin, type Quote, quote } from '../../../lib/src/base/types/index.ts'
import { testStore } from '../testStore.ts'

const store = await testStore()
const { dsl } = store
const now = nowMicros()
const SECOND = 1_000_000

interface Given {
  readonly coin?: string
  readonly source: string
  readonly currency?: string
  readonly bid: string
  readonly ask: string
  readonly bidSize?: string
  readonly age?: number
  readonly origin?: Origin
}

const quoteOf = ({
  coin = 'BTC/USDT',
  source,
  currency = 'USDT',
  bid,
  ask,
  bidSize = '1',
  age = 1,
  origin = 'live',
}: Given): Quote => ({
  ...{ coinId: coin, source, currency, origin, sequence: 1 },
  ...{ time: now - age * SECOND, receivedAt: now },
  ...{ bid: decimal(bid), ask: decimal(ask), bidSize: decimal(bidSize), askSize: decimal('2') },
})
const give = async (...quotes: Given[]) =>
  expect(await store.timescale.upsert(quote, quotes.map(quoteOf))).toMatchObject({ failed: [] })

/** Seconds that a test may take, so that no quote of it becomes stale by itself. */
const PATIENT = 3600

describe('spreads', () => {
  it('are exact in differences and float64 in basis points, with the best across venues', async () => {
    await give(
      { coin: 'A/USDT', source: 'binance', bid: '67123.45000000000000000001', ask: '67123.46' },
      { coin: 'A/USDT', source: 'kraken', bid: '67120', ask: '67121.45' },
    )
    const { venues, best } = await dsl.getSpreads({ coin: 'A/USDT', maxAge: PATIENT })
    expect(venues.map(({ quote: of, spread, stale }) => [of.source, spread, stale])).toEqual([
      ['binance', '0.00999999999999999999', false],
      ['kraken', '1.45', false],
    ])
    expect(venues[1]?.spreadBps).toBeCloseTo((1.45 / 67120.725) * 10_000, 9)
    expect(venues[0]?.ageSeconds).toBeGreaterThanOrEqual(1)
    expect(best).toMatchObject([
      {
        currencies: ['USDT'],
        venues: 2,
        bid: { source: 'binance' },
        ask: { source: 'kraken' },
        difference: '2.00000000000000000001',
      },
    ])
    expect(best[0]?.differenceBps).toBeGreaterThan(0)
  })

  it('mark a stale quote and leave it out of the best, though it would be the best', async () => {
    await give(
      { coin: 'B/USDT', source: 'binance', bid: '99', ask: '100' },
      { coin: 'B/USDT', source: 'kraken', bid: '500', ask: '501', age: 2 * PATIENT },
    )
    const { venues, best } = await dsl.getSpreads({ coin: 'B/USDT', maxAge: PATIENT })
    expect(venues.map(({ stale }) => stale)).toEqual([false, true])
    expect(best).toMatchObject([{ venues: 1, bid: { source: 'binance' }, ask: { source: 'binance' }, difference: '-1' }])
    const none = await dsl.getSpreads({ coin: 'B/USDT', maxAge: 0.001 })
    expect(none.venues.every(({ stale }) => stale)).toBe(true)
    expect(none.best).toEqual([])
  })

  it('take the newest quote of each venue, and no side without units', async () => {
    await give(
      { coin: 'C/USDT', source: 'binance', bid: '7', ask: '8', age: 9 },
      { coin: 'C/USDT', source: 'binance', bid: '5', ask: '6' },
      { coin: 'C/USDT', source: 'kraken', bid: '900', bidSize: '0', ask: '901' },
    )
    const { venues, best } = await dsl.getSpreads({ coin: 'C/USDT', maxAge: PATIENT })
    expect(venues.map(({ quote: of }) => of.bid)).toEqual(['5', '900'])
    expect(best).toMatchObject([{ bid: { source: 'binance', bid: '5' }, ask: { source: 'binance', ask: '6' } }])
  })

  it('never mix currencies, unless dollars and USDT are asked to count as one', async () => {
    await give(
      { coin: 'D/USDT', source: 'binance', bid: '10', ask: '11' },
      { coin: 'D/USD', source: 'kraken', currency: 'USD', bid: '12', ask: '13' },
      { coin: 'D/EUR', source: 'kraken', currency: 'EUR', bid: '1', ask: '2' },
      { coin: 'D/USDT:USDT', source: 'binance', bid: '77', ask: '78' },
    )
    const own = await dsl.getSpreads({ coin: 'D/USDT', maxAge: PATIENT })
    expect(own.venues.map(({ quote: of }) => of.coinId)).toEqual(['D/USDT'])
    for (const coin of ['D', 'd/usdt']) {
      const { best, venues } = await dsl.getSpreads({ coin, like: true, maxAge: PATIENT })
      expect(venues.map(({ quote: of }) => of.coinId)).toEqual(['D/USD', 'D/USDT'])
      expect(best).toMatchObject([
        { currencies: ['USD', 'USDT'], bid: { source: 'kraken' }, ask: { source: 'binance' }, difference: '1' },
      ])
    }
    const euro = await dsl.getSpreads({ coin: 'D/EUR', like: true, maxAge: PATIENT })
    expect(euro.best.map(({ currencies }) => currencies)).toEqual([['EUR'], ['USD', 'USDT']])
    await expect(dsl.getSpreads({ coin: 'D/USDT:USDT', like: true })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      field: 'like',
    })
  })

  it('hide simulated quotes behind real ones', async () => {
    await give(
      { coin: 'E/USDT', source: 'binance', bid: '10', ask: '11' },
      { coin: 'E/USDT', source: 'dreamt', bid: '50', ask: '51', origin: 'simulated' },
    )
    const sources = async (includeSimulated: boolean) =>
      (await dsl.getSpreads({ coin: 'E/USDT', includeSimulated })).venues.map(({ quote: of }) => of.source)
    expect(await sources(false)).toEqual(['binance'])
    expect(await sources(true)).toEqual(['binance', 'dreamt'])
  })

  it('of a coin without quotes are not found', async () => {
    await expect(dsl.getSpreads({ coin: 'NOTHING/USDT' })).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'coin' })
  })
})
