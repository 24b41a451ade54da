import { beforeAll, describe, expect, it } from 'vitest'
import { type Decimal, type Instrument, instrument, nowMicros, quote } from '../../../lib/src/base/types/index.ts'
import { storeVenues, venueRecords } from '../../support/venueRecords.ts'
import { aPrice } from '../records.ts'
import { testStore } from '../testStore.ts'

const store = await testStore()
const { dsl, timescale } = store
const now = nowMicros()

const currencyOf = (coinId: string, symbol: string): Instrument => ({
  ...{ coinId, source: 'coingecko', time: now, receivedAt: now, origin: 'live' },
  ...{ kind: 'currency', symbol, name: coinId, active: true },
})

const listedPair = (coinId: string, symbol: string): Instrument => ({
  ...currencyOf(coinId, symbol),
  ...{ source: 'binance', kind: 'pair', exchange: 'binance', base: 'DOGE', quote: 'USDT' },
})

beforeAll(async () => {
  await storeVenues(store, venueRecords(now))
  const one = { source: 'okx', time: now, receivedAt: now, origin: 'live', currency: 'USDT', sequence: 0 } as const
  const [bid, size] = ['1' as Decimal, '2' as Decimal]
  await timescale.upsert(quote, [
    { ...one, coinId: 'TON/USDT', bid, bidSize: size, ask: bid, askSize: size },
    { ...one, coinId: 'DOGE/USDT', source: 'binance', bid, bidSize: size, ask: bid, askSize: size },
  ])
  await timescale.upsert(instrument, [listedPair('DOGE/USDT', 'DOGEUSDT'), listedPair('DOGE/USDT:USDT', 'DOGEUSDT')])
})

const idsIn =
  (reads: typeof dsl) =>
  async (name: string, of: Parameters<typeof dsl.resolveCoins>[1] = {}) =>
    (await reads.resolveCoins([name], of))[0]
const idOf = idsIn(dsl)

describe('a name of an exchange', () => {
  it.each([
    ['SOL', 'SOL/USDT', 'the base of one pair'],
    ['btc/usdt:usdt', 'BTC/USDT:USDT', 'an id in other capitals'],
    ['XBTUSDT', 'BTC/USDT', "the venue's own symbol"],
    ['xxbtzeur', 'BTC/EUR', 'a symbol in other capitals'],
    ['BTC-USD', 'BTC/USD', 'a symbol with a dash'],
    ['DOGEUSDT', 'DOGE/USDT', 'a symbol of a stored pair and a perpetual without records'],
    ['ton', 'TON/USDT', 'the base of a pair that has quotes alone'],
  ])('%s means %s: %s', async (name, id) => {
    expect(await idOf(name)).toBe(id)
  })

  it('of several pairs is reported with each pair and its venues', async () => {
    await expect(idOf('BTC')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message:
        'coin "BTC" is the ticker or name of 4 coins: BTC/EUR at kraken, BTC/USD at coinbase and kraken, BTC/USDT at binance and kraken, BTC/USDT:USDT at binance; use an id',
    })
  })

  it('of a pair and its perpetual is reported', async () => {
    await expect(idOf('BTCUSDT')).rejects.toMatchObject({
      message: expect.stringContaining('2 coins: BTC/USDT at binance and kraken, BTC/USDT:USDT at binance;'),
    })
  })

  it('is understood if source and currency leave one pair', async () => {
    expect(await idOf('BTC', { sources: ['coinbase'] })).toBe('BTC/USD')
    expect(await idOf('BTC', { currencies: ['EUR'] })).toBe('BTC/EUR')
    await expect(idOf('BTC', { sources: ['binance'] })).rejects.toMatchObject({ message: expect.stringContaining('2 coins') })
    const found = await dsl.getOHLCV({ coin: 'btc', source: 'kraken', currency: 'EUR', timeframe: '1m', limit: 1 })
    expect(found.series).toMatchObject({ coinId: 'BTC/EUR', source: 'kraken', currency: 'EUR' })
    const { items } = await dsl.getLatestPrices({ coins: ['ETH'], sources: ['binance'] })
    expect(items).toMatchObject([{ coinId: 'ETH/USDT', source: 'binance', builtFrom: 'trades' }])
  })
})

describe('beside a provider of coins', async () => {
  const mixed = await testStore()
  beforeAll(async () => {
    await storeVenues(mixed, venueRecords(now))
    await mixed.timescale.upsert(instrument, [currencyOf('bitcoin', 'btc'), currencyOf('solana', 'sol')])
    await mixed.dsl.storePrices([aPrice({ coinId: 'bitcoin', marketCap: '5' as Decimal })])
  })

  it('a ticker of a coin and of pairs is never guessed', async () => {
    const idOf = idsIn(mixed.dsl)
    await expect(idOf('BTC')).rejects.toMatchObject({
      message: expect.stringContaining(
        '5 coins: bitcoin at coingecko (rank 1), BTC/EUR at kraken, BTC/USD at coinbase and kraken',
      ),
    })
    await expect(idOf('sol')).rejects.toMatchObject({
      message: expect.stringContaining('SOL/USDT at binance, solana at coingecko'),
    })
    expect(await idOf('Bitcoin')).toBe('bitcoin')
    expect(await idOf('BTC', { sources: ['coingecko'] })).toBe('bitcoin')
  })
})

describe('a coin without records of one kind', () => {
  it('is told what is stored of it, and is not suggested itself', async () => {
    await expect(dsl.openHistory('prices', { coin: ['BTC/USDT'] } as never)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message:
        'no price of "BTC/USDT" is stored; stored of it: ohlcv, quote, trade at binance; ohlcv, quote, trade at kraken; ask for one of these',
    })
  })

  it('is found, with the kind of its list', async () => {
    expect(await dsl.findInstruments({ text: 'ton' })).toMatchObject([{ coinId: 'TON/USDT', source: 'okx', stored: true }])
  })
})
