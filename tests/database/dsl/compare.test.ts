import { expect, test } from 'vitest'
import {
  decimal,
  type Instrument,
  instrument,
  nowMicros,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type Trade,
  trade,
} from '../../../lib/src/base/types/index.ts'
import { testStore } from '../testStore.ts'

const store = await testStore()
const { dsl, timescale } = store
const HOUR = 3_600_000_000
const now = nowMicros()
const hour = Math.floor(now / HOUR) * HOUR

const put = async <R>(written: Promise<{ readonly failed: readonly R[] }>) => expect((await written).failed).toEqual([])

const coin = (coinId: string, symbol: string): Instrument => ({
  ...{
    coinId,
    source: 'coingecko',
    time: now,
    receivedAt: now,
    origin: 'live',
    kind: 'currency',
    symbol,
    name: coinId,
    active: true,
  },
})
const priceOf = (coinId: string, source: string, currency: string, figure: string, age = 5): Price => ({
  ...{ coinId, source, currency, origin: 'live', time: now - age * 1_000_000, receivedAt: now, price: decimal(figure) },
})
const tradeOf = (coinId: string, source: string, currency: string, figure: string): Trade => ({
  ...{ coinId, source, currency, origin: 'live', time: now - 3_000_000, receivedAt: now, side: 'buy' },
  ...{ tradeId: '1', sequence: 1, price: decimal(figure), amount: decimal('1') },
})
/** Closed candles with these closes, the last one closed an hour before this hour began. */
const bars = (coinId: string, source: string, currency: string, closes: readonly (number | undefined)[]): Ohlcv[] =>
  closes.flatMap((close, i) => {
    const time = hour - (closes.length - i + 1) * HOUR
    if (close === undefined) return []
    const figure = decimal(String(close))
    return [
      {
        ...{
          coinId,
          source,
          currency,
          origin: 'live' as const,
          time,
          receivedAt: time + HOUR,
          timeframe: '1h' as const,
          isFinal: true,
        },
        ...{ open: figure, high: figure, low: figure, close: figure, volume: decimal('1'), builtFrom: 'provider' as const },
      },
    ]
  })

await put(timescale.upsert(instrument, [coin('bitcoin', 'btc'), coin('ether-one', 'eth'), coin('ether-two', 'eth')]))
await put(
  timescale.upsert(price, [
    priceOf('bitcoin', 'coingecko', 'usd', '100'),
    priceOf('ether-one', 'coingecko', 'usd', '9'),
    priceOf('ether-two', 'coingecko', 'usd', '8'),
    priceOf('SOL/USD', 'old', 'USD', '5', 3600),
    priceOf('SOL/USD', 'new', 'USD', '6'),
  ]),
)
await put(timescale.upsert(trade, [tradeOf('BTC/USDT', 'binance', 'USDT', '100.25'), tradeOf('BTC/EUR', 'kraken', 'EUR', '90')]))
await put(
  timescale.upsert(ohlcv, [
    ...bars('bitcoin', 'coingecko', 'usd', [100, 101, 102, 101, 103, 104]),
    ...bars('BTC/USDT', 'binance', 'USDT', [100.1, 101, undefined, 101, 103, 109.2]),
    ...bars('BTC/USD', 'twelvedata', 'USD', [100, 101, 102, 101, 103, 104]),
  ]),
)

const pairsOf = async (query: Parameters<typeof dsl.compareSources>[0]) => (await dsl.compareSources(query)).pairs

test('an asset has the series of its coin and of its spot pairs; dollars of either spelling are one currency', async () => {
  const { series, pairs } = await dsl.compareSources({ coin: 'BTC' })
  expect(
    series.map(({ coinId, source, price: figure, builtFrom, candles }) => [coinId, source, figure, builtFrom, candles]),
  ).toEqual(
    expect.arrayContaining([
      ['bitcoin', 'coingecko', '100', 'prices', 6],
      ['BTC/USDT', 'binance', '100.25', 'trades', 5],
      ['BTC/EUR', 'kraken', '90', 'trades', 0],
      ['BTC/USD', 'twelvedata', '104', 'candles', 6],
    ]),
  )
  expect(series).toHaveLength(4)
  expect(pairs).toMatchObject([
    {
      reference: { source: 'coingecko' },
      other: { coinId: 'BTC/USD', source: 'twelvedata' },
      candles: 6,
      meanBps: 0,
      medianBps: 0,
      correlation: 1,
    },
  ])
  expect(pairs[0]).not.toHaveProperty('difference') // the last close is an hour old, so stale
})

test('with `like` tethers are compared with dollars: now, and over the candles that both have', async () => {
  const pairs = await pairsOf({ coin: 'bitcoin', like: true, reference: 'coingecko', sources: ['coingecko', 'binance'] })
  expect(pairs).toHaveLength(1)
  const [pair] = pairs
  // Differences of the closes: 10, 0, 0, 0 and 500 bps.
  expect(pair).toMatchObject({
    ...{ difference: '0.25', differenceBps: expect.closeTo(25, 6), candles: 5, onlyReference: 1, onlyOther: 0 },
    ...{ meanBps: expect.closeTo(102, 6), medianBps: expect.closeTo(0, 6) },
    greatest: { time: hour - 2 * HOUR, bps: expect.closeTo(500, 6), reference: '104', other: '109.2' },
  })
  // numpy.corrcoef of the log returns
  expect(pair?.correlation).toBeCloseTo(0.29942642881094, 10)
})

test('the range and the limit choose the candles', async () => {
  const asked = { coin: 'bitcoin', like: true, reference: 'coingecko', sources: 'coingecko,binance' }
  // The open candle is one of the three.
  expect(await pairsOf({ ...asked, limit: 3 })).toMatchObject([{ candles: 2 }])
  expect(await pairsOf({ ...asked, to: hour - 6 * HOUR })).toMatchObject([{ candles: 1, meanBps: expect.closeTo(10, 6) }])
  const [none] = await pairsOf({ ...asked, to: hour - 100 * HOUR })
  expect(none).toMatchObject({ candles: 0, difference: '0.25' })
  expect(none).not.toHaveProperty('meanBps')
})

test('a stale price is marked and not compared', async () => {
  const { series, pairs } = await dsl.compareSources({ coin: 'SOL/USD' })
  expect(series).toMatchObject([
    { source: 'new', stale: false },
    { source: 'old', stale: true },
  ])
  expect(pairs[0]).not.toHaveProperty('difference')
  expect(await pairsOf({ coin: 'SOL/USD', maxAge: 7200, reference: 'old' })).toMatchObject([
    { reference: { source: 'old' }, other: { source: 'new' }, difference: '1', differenceBps: expect.closeTo(2000, 6) },
  ])
})

test('what cannot be told apart, or is not stored, is refused', async () => {
  await expect(dsl.compareSources({ coin: 'ETH' })).rejects.toThrow(/"ETH" is the ticker or name of 2 coins: ether-one/)
  await expect(dsl.compareSources({ coin: 'nothing' })).rejects.toThrow(/no price, no trade and no candle of "nothing" is stored/)
  await expect(dsl.compareSources({ coin: 'BTC', reference: 'okx' })).rejects.toThrow(
    /reference: nothing of "BTC" is stored from okx; stored is/,
  )
  await expect(dsl.compareSources({ coin: 'BTC', limit: 1 })).rejects.toThrow(/limit/)
})
