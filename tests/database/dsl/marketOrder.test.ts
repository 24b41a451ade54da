import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { decimal, sequenceOf, type Trade, trade } from '../../../lib/src/base/types/index.ts'
import { onTimescale } from '../../support/database.ts'
import { SHRINKS } from '../../support/shrinks.ts'
import { MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

const store = await testStore()

const aTrade = (coinId: string, more: Partial<Trade>): Trade => ({
  coinId,
  source: 'venue',
  time: MONDAY,
  receivedAt: MONDAY,
  origin: 'live',
  currency: 'usd',
  tradeId: '1',
  side: 'buy',
  price: decimal('1'),
  amount: decimal('1'),
  ...more,
})

/** Trades of one moment: their ids and prices in the order of the market. */
const NINES = [97, 98, 99, 100, 101].map((id, i) => ({ time: MONDAY, id: String(id), price: `100.${i}` }))
const MILLIONS = [9_999_998, 9_999_999, 10_000_000, 10_000_001].map((id, i) => ({
  time: MONDAY + MINUTE,
  id: String(id),
  price: `200.${i + 1}`,
}))

async function barsOf(coin: string): Promise<Record<string, unknown>> {
  const minutes = (await store.dsl.getOHLCV({ coin, timeframe: '1m' })).candles
  const hours = (await store.dsl.getOHLCV({ coin, timeframe: '1h' })).candles
  const odd = (await store.dsl.getTimeBucketedOHLCV({ coin, bucket: '90s' })).candles
  const ends = (bars: readonly { open: string; close: string }[]) => bars.map(({ open, close }) => `${open} ${close}`)
  return { '1m': ends(minutes), '1h': ends(hours), '90s': ends(odd) }
}

/** The number of digits of ids changes within each minute, so text order would give other results. */
const RIGHT = { '1m': ['100 100.4', '200.1 200.4'], '1h': ['100 200.4'], '90s': ['100 200.4'] }

const ways: Readonly<Record<string, (id: string, place: number) => Partial<Trade>>> = {
  'the sequence of the venue': (id) => ({ tradeId: id, sequence: sequenceOf(id) as number }),
  'whole numbers as ids alone': (id) => ({ tradeId: id }),
  'the order of arrival, where ids are no numbers': (id, place) => ({
    tradeId: `x${Number(id) % 7}-${id}`,
    receivedAt: MONDAY + place,
  }),
}

const coinOf = (way: string) => way.replaceAll(/\W/g, '')

describe('trades of one moment are ordered by', () => {
  beforeAll(async () => {
    for (const [way, fields] of Object.entries(ways)) {
      const trades = [...NINES, ...MILLIONS].map(({ time, id, price }, place) =>
        aTrade(coinOf(way), { time, price: decimal(price), ...fields(id, place) }),
      )
      await store.timescale.upsert(trade, trades.toReversed())
    }
  })

  it.each(Object.keys(ways))('%s: with rollups off and on', async (way) => {
    await store.rollups.turnOff()
    expect(await barsOf(coinOf(way))).toEqual(RIGHT)
    await store.rollups.turnOn()
    await store.rollups.catchUp()
    expect(await barsOf(coinOf(way))).toEqual(RIGHT)
  })

  it('the sequence, whatever the ids and the order of writing', async () => {
    let coin = 0
    const runs = fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 53 - 1 }), { minLength: 2, maxLength: 12 }),
      fc.infiniteStream(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 6 })),
      fc.infiniteStream(fc.nat()),
      async (sequences, ids, places) => {
        coin += 1
        const sorted = sequences.toSorted((a, b) => a - b)
        const trades = sequences.map((sequence) =>
          aTrade(`any${coin}`, {
            sequence,
            tradeId: `${ids.next().value}-${sequence}`,
            price: decimal(String(sorted.indexOf(sequence) + 1)),
            receivedAt: MONDAY + ((places.next().value as number) % 5),
          }),
        )
        await store.timescale.upsert(trade, trades)
        const [bar] = (await store.dsl.getOHLCV({ coin: `any${coin}`, timeframe: '1m' })).candles
        expect([bar?.open, bar?.close]).toEqual(['1', String(sequences.length)])
      },
    )
    await fc.assert(runs, { ...SHRINKS, numRuns: onTimescale ? 10 : 40 })
  })
})

it('a sequence is read from an id that is a whole number without a sign', () => {
  const ids = [
    '0',
    '42',
    '007',
    '9007199254740991',
    '9007199254740992',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '',
    'a1',
    ' 1',
    '99999999999999999',
  ]
  expect(ids.map(sequenceOf)).toEqual([0, 42, 7, 9_007_199_254_740_991, ...Array(9).fill(undefined)])
})
