import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimal, type JsonNumber, parseExactJson, type Trade, trade } from '../../../lib/src/base/types/index.ts'
import { errorOf, isFailure } from '../../../lib/src/publishers/sources/bybit/errors.ts'
import { mapperOf } from '../../../lib/src/publishers/sources/bybit/parse/live.ts'
import { barsIn, tradesIn } from '../../../lib/src/publishers/sources/bybit/parse/rest.ts'
import { Instruments, type Listed, type MappedRecords } from '../../../lib/src/publishers/venue/index.ts'
import { describeWith } from '../../support/services.ts'
import { exactly, figureTexts } from './mutatedFigures.ts'
import { recordedCounts, recordedTexts } from './recordedTexts.ts'

const RECEIVED_AT = 1_672_324_990_000_000
const pair: Listed = { symbol: 'BTCUSDT', coinId: 'BTC/USDT', base: 'BTC', quote: 'USDT', active: true }
const newMapper = (listed: readonly Listed[] = [pair]) => mapperOf({ source: 'bybit', instruments: new Instruments(listed) })

const part = (p = '16578.50', v = '0.001', S = 'Buy') =>
  `{"T":1672304486865,"s":"BTCUSDT","S":"${S}","v":"${v}","p":"${p}","L":"PlusTick","i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false,"seq":1783284617}`
const tradeText = (...parts: readonly string[]) =>
  `{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[${parts.join(',')}]}`
const bookText = (kind: string, u: number, b: string, a: string, cts = 1_672_304_484_000 + u) =>
  `{"topic":"orderbook.1.BTCUSDT","type":"${kind}","ts":1672304484978,"data":{"s":"BTCUSDT","b":${b},"a":${a},"u":${u},"seq":1},"cts":${cts}}`

describe('Bybit: messages', () => {
  it('gives one row for a trade by socket and by REST', () => {
    const { records } = newMapper()(tradeText(part()), RECEIVED_AT) as MappedRecords<Trade>
    const body = parseExactJson(
      '{"retCode":0,"result":{"list":[{"execId":"20f43950-d8dd-5b31-9112-a178eb6023af","symbol":"BTCUSDT","price":"16578.50","size":"0.001","side":"Buy","time":"1672304486865","isBlockTrade":false}]}}',
    )
    const [past] = tradesIn(body, 'bybit', pair, RECEIVED_AT + 5).records
    const [live] = records
    expect({ ...past, receivedAt: live?.receivedAt, origin: live?.origin }).toEqual(live)
    expect(live).toMatchObject({ time: 1_672_304_486_865_000, price: '16578.5', amount: '0.001', side: 'buy' })
  })

  it('takes any digits exactly, or rejects the trade', () => {
    const map = newMapper()
    fc.assert(
      fc.property(figureTexts, figureTexts, (p, v) => {
        const { records, rejected = [] } = map(tradeText(part(p, v)), RECEIVED_AT) as MappedRecords<Trade>
        const [price, amount] = [exactly(p), exactly(v)]
        if (price === undefined || amount === undefined) expect([records.length, rejected.length]).toEqual([0, 1])
        else expect(records).toMatchObject([{ price, amount }])
      }),
      { numRuns: 500 },
    )
  })

  it('takes several trades of a message, and rejects a broken one with its reason', () => {
    const mapped = newMapper()(tradeText(part(), part('1', '2', 'Both'), part('3', '4', 'Sell')), RECEIVED_AT) as MappedRecords
    expect(mapped.records).toHaveLength(2)
    expect(mapped.rejected).toEqual([{ reason: 'side "Both" is neither Buy nor Sell', original: part('1', '2', 'Both') }])
  })

  it('keeps the side that a change of the best levels leaves out, and passes repeats and gaps over', () => {
    const map = newMapper()
    const quote = (text: string) => (map(text, RECEIVED_AT) as MappedRecords).records[0]
    expect(quote(bookText('delta', 9, '[["1","1"]]', '[]'))).toBeUndefined()
    const first = { sequence: 10, bid: '100', bidSize: '1', ask: '101.5', askSize: '2' }
    expect(quote(bookText('snapshot', 10, '[["100.0","1"]]', '[["101.50","2"]]'))).toMatchObject(first)
    expect(quote(bookText('snapshot', 10, '[["100.0","1"]]', '[["101.50","2"]]'))).toBeUndefined()
    const second = { sequence: 11, bid: '100.5', bidSize: '3', ask: '101.5' }
    expect(quote(bookText('delta', 11, '[["100.0","0"],["100.5","3"]]', '[]'))).toMatchObject(second)
    expect(quote(bookText('delta', 11, '[["100.0","0"],["100.5","3"]]', '[]'))).toBeUndefined()
    expect(quote(bookText('delta', 13, '[["100.7","3"]]', '[]'))).toBeUndefined()
    expect(quote(bookText('delta', 14, '[["100.8","3"]]', '[]'))).toBeUndefined()
    expect(quote(bookText('snapshot', 15, '[["100.9","4"]]', '[["101","2"]]'))).toMatchObject({ sequence: 15, bid: '100.9' })
    // The count starts again.
    expect(quote(bookText('snapshot', 1, '[["99","4"]]', '[["101","2"]]', 1_672_304_999_000))).toMatchObject({ sequence: 1 })
  })

  it('gives the same candle by socket and by REST', () => {
    const live = newMapper()(
      '{"topic":"kline.60.BTCUSDT","data":[{"start":1672321200000,"end":1672324799999,"interval":"60","open":"16649.5","close":"16677","high":"16680","low":"16608","volume":"2.081","turnover":"34666.4005","confirm":true,"timestamp":1672324800000}],"ts":1672324988882,"type":"snapshot"}',
      RECEIVED_AT,
    ) as MappedRecords
    const body = parseExactJson(
      '{"retCode":0,"result":{"list":[["1672321200000","16649.5","16680","16608","16677","2.081","34666.4005"]]}}',
    )
    expect(barsIn(body, 'bybit', pair, '1h', RECEIVED_AT).records).toMatchObject([{ ...live.records[0], origin: 'backfill' }])
  })

  it('reads order books, acknowledgements and refusals', () => {
    const map = newMapper()
    expect(map(bookText('delta', 7, '[["1.50","0"]]', '[]').replace('book.1.', 'book.50.'), RECEIVED_AT)).toMatchObject({
      kind: 'book',
      message: { kind: 'delta', last: 7, bids: [['1.50', '0']], asks: [] },
    })
    expect(map('{"success":true,"ret_msg":"","conn_id":"c","req_id":"3","op":"subscribe"}', RECEIVED_AT)).toEqual({
      kind: 'ack',
      id: 3,
    })
    expect(map('{"success":false,"ret_msg":"Invalid symbol","req_id":"3","op":"subscribe"}', RECEIVED_AT)).toEqual({
      kind: 'ack',
      id: 3,
      refused: 'Invalid symbol',
    })
    expect(map('{"success":true,"ret_msg":"pong","req_id":"","op":"ping"}', RECEIVED_AT)).toBeUndefined()
  })
})

describe('Bybit: errors', () => {
  it.each([
    [200, '{"retCode":10006,"retMsg":"Too many visits!"}', 'RATE_LIMITED'],
    [200, '{"retCode":10001,"retMsg":"params error: limit"}', 'BAD_REQUEST'],
    [200, '{"retCode":10001,"retMsg":"Not supported symbols"}', 'NOT_FOUND'],
    [200, '{"retCode":10016,"retMsg":"Server error"}', 'UNAVAILABLE'],
    [403, 'access too frequent', 'RATE_LIMITED'],
    [403, '<html><title>ERROR: The request could not be satisfied</title></html>', 'FORBIDDEN'],
    [502, 'bad gateway', 'UNAVAILABLE'],
  ] as const)('%i %s is %s', (status, body, code) => {
    expect(errorOf('Bybit', { status, body }, '/v5/market/kline').code).toBe(code)
  })

  it('tells a good body by its code', () => {
    expect(isFailure(parseExactJson('{"retCode":0,"result":{}}'))).toBe(false)
    expect(isFailure(parseExactJson('{"retCode":10001,"result":{}}'))).toBe(true)
  })
})

interface Recorded {
  readonly topic: string
  readonly data: readonly Readonly<Record<string, string | JsonNumber>>[]
}

const textOf = (value: string | JsonNumber | undefined): string =>
  typeof value === 'string' ? value : String((value as JsonNumber).source)

/** The message of today with the figures of one of 2021. */
function today({ topic, data }: Recorded): string {
  const trades = data.map(({ symbol, side, price, size, trade_id, trade_time_ms }) => ({
    T: Number(textOf(trade_time_ms)),
    s: symbol,
    S: side,
    v: textOf(size),
    p: textOf(price),
    i: trade_id,
    BT: false,
  }))
  return JSON.stringify({ topic: topic.replace('trade.', 'publicTrade.'), type: 'snapshot', ts: 0, data: trades })
}

describeWith('recorded-data', 'Bybit: a whole capture', () => {
  it('has the trades that the recorder counted, with every digit', () => {
    const texts = [...recordedTexts('BYBIT.ws.25.0'), ...recordedTexts('BYBIT.ws.26.0')]
    const messages = texts
      .filter((text) => text.startsWith('{"topic":"trade.'))
      .map((text) => parseExactJson(text) as unknown as Recorded)
    const symbols = new Set(messages.map(({ topic }) => topic.slice('trade.'.length)))
    const map = newMapper([...symbols].map((symbol) => ({ symbol, coinId: symbol, base: symbol, quote: 'USD', active: true })))
    const trades: Trade[] = []
    for (const message of messages) {
      const { records, rejected } = map(today(message), RECEIVED_AT) as MappedRecords<Trade>
      expect(rejected).toBeUndefined()
      expect(records.map(({ price, amount, tradeId }) => [price, amount, tradeId])).toEqual(
        message.data.map(({ price, size, trade_id }) => [decimal(textOf(price)), decimal(textOf(size)), trade_id]),
      )
      for (const record of records) expect(trade.check(record)).toEqual(record)
      trades.push(...records)
    }
    expect(trades).toHaveLength(recordedCounts('BYBIT').trades as number)
    expect(new Set(trades.map(({ tradeId }) => tradeId)).size).toBe(trades.length)
  })
})
