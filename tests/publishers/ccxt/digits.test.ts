import { expect, test } from 'vitest'
import { nowMicros } from '../../../lib/src/base/types/index.ts'
import { parseKeepingDigits } from '../../../lib/src/publishers/sources/ccxt/digits.ts'
import type { CcxtMarket } from '../../../lib/src/publishers/sources/ccxt/library.ts'
import { parseCandles } from '../../../lib/src/publishers/sources/ccxt/parse/candles.ts'
import { parsePrices, parseQuotes } from '../../../lib/src/publishers/sources/ccxt/parse/tickers.ts'
import { parseTrades } from '../../../lib/src/publishers/sources/ccxt/parse/trades.ts'
import { describeWith } from '../../support/services.ts'
import { client, exchange } from './exchangeServer.ts'

const OPEN = 1_723_161_240_000
const seen = { source: 'a', receivedAt: nowMicros(), origin: 'live' } as const

/** Figures as an exchange may write them, and the decimals that they mean. */
const HOSTILE = {
  '123456789012345.12345678': '123456789012345.12345678',
  '5.6e-11': '0.000000000056',
  '0.123456789012345678901234': '0.123456789012345678901234',
  '1.0e+15': '1000000000000000',
  '12345678901234567890.5': '12345678901234567890.5',
  '1.2345678901234567890123e-9': '0.0000000012345678901234567890123',
  '0.10': '0.1',
  '1e22': '10000000000000000000000',
}
type Written = keyof typeof HOSTILE
const written = Object.keys(HOSTILE) as Written[]

const EXCHANGE_INFO = JSON.stringify({
  symbols: [
    {
      symbol: 'BTCUSDT',
      status: 'TRADING',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      permissionSets: [['SPOT']],
      isSpotTradingAllowed: true,
      filters: [
        { filterType: 'PRICE_FILTER', tickSize: '0.01000000' },
        { filterType: 'LOT_SIZE', stepSize: '0.00001000', minQty: '0.00001000', maxQty: '9000.00000000' },
      ],
    },
  ],
})

/** Binance's answers with this figure everywhere. */
function binance(figure: string) {
  return {
    '/api/v3/exchangeInfo': EXCHANGE_INFO,
    '/api/v3/aggTrades': `[{"a":28457,"p":${figure},"q":${figure},"T":${OPEN + 1},"m":true}]`,
    '/api/v3/klines': `[[${OPEN},${figure},${figure},${figure},${figure},${figure},${OPEN + 59_999},"1",1,"1","1","0"]]`,
    '/api/v3/ticker/24hr':
      `{"symbol":"BTCUSDT","lastPrice":${figure},"bidPrice":${figure},"askPrice":${figure},"bidQty":${figure},"askQty":${figure},` +
      `"closeTime":${OPEN + 2},"priceChange":"0","priceChangePercent":"0"}`,
  }
}

describeWith('ccxt', 'digits through ccxt', () => {
  test.each(written.flatMap((figure) => [[`"${figure}"`, figure] as const, [figure, figure] as const]))(
    '%s is exact in trades, candles and tickers',
    async (json, figure) => {
      const server = await exchange(binance(json))
      const binanceClient = await client(server, 'binance')
      await binanceClient.loadMarkets()
      const market = binanceClient.market('BTC/USDT') as CcxtMarket
      const exact = HOSTILE[figure]

      const trades = await binanceClient.call('trades', (ccxt) => ccxt.fetchTrades('BTC/USDT'))
      expect(parseTrades(trades.value, market, seen)).toMatchObject({ records: [{ price: exact, amount: exact }], rejected: [] })
      const candles = await binanceClient.call('candles', (ccxt) => ccxt.fetchOHLCV('BTC/USDT', '1m'))
      expect(parseCandles(candles.value, market, '1m', nowMicros(), seen)).toMatchObject({
        records: [{ open: exact, high: exact, low: exact, close: exact, volume: exact }],
        rejected: [],
      })
      const ticker = await binanceClient.call('tickers', (ccxt) => ccxt.fetchTicker('BTC/USDT'))
      expect(parsePrices([[market, ticker.value]], seen)).toMatchObject({ records: [{ price: exact }], rejected: [] })
      expect(parseQuotes([[market, ticker.value]], seen)).toMatchObject({
        records: [{ bid: exact, bidSize: exact, ask: exact, askSize: exact }],
        rejected: [],
      })
    },
  )

  test('what has more than 40 digits on a side is refused, not rounded', async () => {
    const server = await exchange(binance('8.362779449e+42'))
    const binanceClient = await client(server, 'binance')
    await binanceClient.loadMarkets()
    const market = binanceClient.market('BTC/USDT') as CcxtMarket
    const { value } = await binanceClient.call('trades', (ccxt) => ccxt.fetchTrades('BTC/USDT'))
    const { records, rejected } = parseTrades(value, market, seen)
    expect(records).toEqual([])
    expect(rejected).toMatchObject([{ reason: expect.stringContaining('more than 40 digits') }])
  })
})

const market: CcxtMarket = { symbol: 'BTC/USDT', quote: 'USDT', spot: true }

test('a figure that came as a float is refused', () => {
  const { records, rejected } = parseTrades([{ id: '1', timestamp: OPEN, price: 0.1, amount: '1' }], market, seen)
  expect(records).toEqual([])
  expect(rejected).toMatchObject([{ reason: expect.stringContaining('price 0.1 came through a float of ccxt') }])
})

test('numbers that a float holds stay numbers, since codes and flags are compared with them', () => {
  const text =
    '{"code":0,"ok":true,"none":null,"at":1723161240000,"id":10053870590733152449666,"deep":[0.1,{"x":1e400}],"t":"1:22e5,3"}'
  expect(parseKeepingDigits(text)).toEqual({
    code: 0,
    ok: true,
    none: null,
    at: 1_723_161_240_000,
    id: '10053870590733152449666',
    deep: [0.1, { x: '1e400' }],
    t: '1:22e5,3',
  })
})

test('what is no object and no list is no JSON to ccxt', () => {
  expect(parseKeepingDigits('12')).toBeUndefined()
  expect(parseKeepingDigits('<html>')).toBeUndefined()
  expect(parseKeepingDigits('{"cut":')).toBeUndefined()
  expect(parseKeepingDigits(' [1]')).toEqual([1])
})
