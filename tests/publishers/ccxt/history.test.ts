import { expect, onTestFinished, test } from 'vitest'
import type { History, HistorySeries, HistoryWindow } from '../../../lib/src/base/types/index.ts'
import { ccxt } from '../../../lib/src/publishers/sources/ccxt/index.ts'
import { describeWith } from '../../support/services.ts'
import { type Answers, contextOf, exchange, settingsOf, UPBIT, upbitCandle, upbitMarkets, upbitTrade } from './exchangeServer.ts'

const MINUTE = 60_000
const FROM = Date.UTC(2026, 0, 2, 1)
const MICROS = 1000
const markets: Answers = { [UPBIT.markets]: upbitMarkets('BTC/KRW') }
const candles: HistorySeries = { type: 'ohlcv', coinId: 'BTC/KRW', currency: 'KRW', timeframe: '1m' }
const trades: HistorySeries = { type: 'trade', coinId: 'BTC/KRW', currency: 'KRW' }

async function open(answers: Answers) {
  const server = await exchange({ ...markets, ...answers })
  const history = (await ccxt.history?.(
    settingsOf(server, { exchange: 'upbit', symbols: ['BTC/KRW'] }),
    contextOf('korea'),
  )) as History
  onTestFinished(() => history.close())
  return { server, history }
}

async function all(history: History, series: HistorySeries, window: HistoryWindow) {
  const records = []
  for await (const batch of history.fetch(series, window)) records.push(...batch.records)
  return records
}

/** The candles before `to`, newest first, at most `most`. */
const shown = (query: URLSearchParams, most: number) => {
  const count = Math.min(Number(query.get('count')), most)
  const to = Date.parse(query.get('to') ?? '')
  return `[${Array.from({ length: count }, (_, i) => upbitCandle(to - (i + 1) * MINUTE)).join()}]`
}

describeWith('ccxt', 'history by ccxt', () => {
  test('plans windows of one call on a fixed grid', async () => {
    const { history } = await open({})
    const size = 200 * MINUTE * MICROS
    const grid = Math.ceil((FROM * MICROS) / size) * size
    expect([...history.plan(candles, FROM * MICROS, grid + size + 1)].map(({ from, to }) => [from, to])).toEqual([
      [FROM * MICROS, grid],
      [grid, grid + size],
      [grid + size, grid + size + 1],
    ])
    expect(history.currencies).toEqual(['KRW'])
    expect(history.offers()).toContainEqual(expect.objectContaining({ type: 'ohlcv', timeframe: '1m' }))
  })

  test('gives the closed candles of a window', async () => {
    const { server, history } = await open({ [UPBIT.candles]: (query) => shown(query, 200) })
    const window = { from: FROM * MICROS, to: (FROM + 50 * MINUTE) * MICROS, spacing: MINUTE * MICROS }
    const records = await all(history, candles, window)
    expect(records.map(({ time }) => time)).toEqual(Array.from({ length: 50 }, (_, i) => (FROM + i * MINUTE) * MICROS))
    expect(records[0]).toMatchObject({ origin: 'backfill', isFinal: true, source: 'korea', open: '93812000.5' })
    expect(server.asked).toHaveLength(2)
  })

  test('a window without candles is empty', async () => {
    const { history } = await open({ [UPBIT.candles]: '[]' })
    expect(await all(history, candles, { from: FROM * MICROS, to: (FROM + MINUTE) * MICROS, spacing: 1 })).toEqual([])
  })

  test('an exchange that gives only its latest trades has no history of them', async () => {
    const later = FROM + 86_400_000
    const { history } = await open({ [UPBIT.trades]: `[${[1, 2, 3].map((id) => upbitTrade(id, later + id)).join()}]` })
    const window = { from: FROM * MICROS, to: (FROM + MINUTE) * MICROS, spacing: 1 }
    await expect(all(history, trades, window)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'upbit gives only its latest trades of BTC/KRW',
    })
  })

  test('refuses what there is no history of, naming what there is', async () => {
    const { history } = await open({})
    expect(() => [...history.plan({ ...candles, timeframe: '2h' }, 0, 1)]).toThrow(
      /upbit has no history of 2h candles; there is 1s ohlcv/,
    )
    expect(() => [...history.plan({ ...trades, type: 'price' }, 0, 1)]).toThrow(/no history of price/)
    const window = { from: FROM * MICROS, to: (FROM + MINUTE) * MICROS, spacing: 1 }
    await expect(all(history, { ...candles, coinId: 'XYZ/KRW' }, window)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(all(history, { ...candles, currency: 'USDT' }, window)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})

const aggTrade = (n: number) => `{"a":${n},"p":"1.50","q":"2","T":${FROM + n},"m":true}`
const INFO =
  '{"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","permissionSets":[["SPOT"]],"isSpotTradingAllowed":true,"filters":[]}]}'

describeWith('ccxt', 'history of trades by ccxt', () => {
  test('follows the pages of a window to its end', async () => {
    const server = await exchange({
      '/api/v3/exchangeInfo': INFO,
      '/api/v3/aggTrades': (query) => {
        const first = Math.max(1, Number(query.get('startTime')) - FROM)
        return `[${Array.from({ length: 10 }, (_, i) => aggTrade(first + i)).join()}]`
      },
    })
    const history = (await ccxt.history?.(settingsOf(server, { exchange: 'binance' }), contextOf('binance'))) as History
    onTestFinished(() => history.close())
    const series: HistorySeries = { type: 'trade', coinId: 'BTC/USDT', currency: 'USDT' }
    const records = await all(history, series, { from: FROM * MICROS, to: (FROM + 31) * MICROS, spacing: 1 })
    expect(records.map(({ tradeId }) => Number(tradeId))).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
  })
})
