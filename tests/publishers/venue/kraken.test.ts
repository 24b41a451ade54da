import { describe, expect, it } from 'vitest'
import {
  decimal,
  formatTime,
  parseExactJson,
  type SourceDefinition,
  type Trade,
  trade as tradeType,
} from '../../../lib/src/base/types/index.ts'
import { errorOf, isFailure } from '../../../lib/src/publishers/sources/kraken/errors.ts'
import { kraken } from '../../../lib/src/publishers/sources/kraken/index.ts'
import { mapperOf } from '../../../lib/src/publishers/sources/kraken/parse/live.ts'
import { barsIn, listedIn, tradesIn } from '../../../lib/src/publishers/sources/kraken/parse/rest.ts'
import { BookFollower, krakenBook } from '../../../lib/src/publishers/venue/book/index.ts'
import { Instruments } from '../../../lib/src/publishers/venue/Instruments.ts'
import { floorMillis, secondsText } from '../../../lib/src/publishers/venue/times.ts'
import type { Listed, Mapped, MappedBook, MappedRecords } from '../../../lib/src/publishers/venue/types.ts'
import { describeWith } from '../../support/services.ts'
import { krakenBooks } from './recordedBooks.ts'
import { recordedBody, recordedTexts } from './recordedTexts.ts'
import { venueSuite } from './venueSuite.ts'

venueSuite(kraken as unknown as SourceDefinition, {
  venue: 'kraken',
  instruments: [
    { coinId: 'BTC/USD', symbol: 'BTC/USD', topic: 'trade:BTC/USD' },
    { coinId: 'ETH/USD', symbol: 'ETH/USD', topic: 'trade:ETH/USD' },
  ],
})

const RECEIVED = 1_688_669_700_000_000
const BTC: Listed = { symbol: 'BTC/USD', alias: 'XXBTZUSD', coinId: 'BTC/USD', base: 'BTC', quote: 'USD', active: true }
const mapper = (listed: readonly Listed[] = [BTC]) => mapperOf({ source: 'kraken', instruments: new Instruments(listed) })
const tradeText = (price = '30243.40000', qty = '0.34507674') =>
  `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":${price},"qty":${qty},"ord_type":"market","trade_id":61044952,"timestamp":"2023-07-06T18:53:17.827736Z"}]}`
const tradesOf = (mapped: Mapped): readonly Trade[] => (mapped as MappedRecords<Trade>).records

describe('kraken: messages', () => {
  it('gives one trade by socket and REST the same fields', () => {
    const [live] = tradesOf(mapper()(tradeText(), RECEIVED))
    const body =
      '{"error":[],"result":{"XXBTZUSD":[["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952]],"last":"1688669597827736912"}}'
    const page = tradesIn(parseExactJson(body), 'kraken', BTC, RECEIVED + 1)
    expect({ ...page.records[0], receivedAt: RECEIVED, origin: 'live' }).toEqual(live)
    expect(live).toMatchObject({ price: '30243.4', side: 'buy', sequence: 61044952, time: 1_688_669_597_827_000 })
    expect(page.last).toBe('1688669597827736912')
  })

  it.each([
    ['12345678901234567890.12345678901234567890', '12345678901234567890.1234567890123456789'],
    ['1e-18', '0.000000000000000001'],
    ['1.5E+3', '1500'],
  ])('keeps the digits of the number %s', (text, expected) => {
    expect(tradesOf(mapper()(tradeText(text), RECEIVED))[0]?.price).toBe(expected)
  })

  it.each(['1'.repeat(41), '1e60', 'null', '{}'])('rejects a trade with the price %s', (price) => {
    const mapped = mapper()(tradeText(price), RECEIVED) as MappedRecords
    expect(mapped).toMatchObject({ records: [], rejected: [{ original: expect.stringContaining('61044952') }] })
  })

  it('answers by request and symbol', () => {
    const map = mapper()
    expect(
      map('{"method":"subscribe","req_id":3,"result":{"channel":"trade","symbol":"BTC/USD"},"success":true}', RECEIVED),
    ).toEqual({ kind: 'ack', id: 3, symbol: 'BTC/USD' })
    const refusal =
      '{"error":"Currency pair not supported FOO/USD","method":"subscribe","req_id":3,"success":false,"symbol":"FOO/USD"}'
    expect(map(refusal, RECEIVED)).toEqual({
      kind: 'ack',
      id: 3,
      symbol: 'FOO/USD',
      refused: 'Currency pair not supported FOO/USD',
    })
    for (const text of [
      '{"channel":"heartbeat"}',
      '{"method":"pong"}',
      '{"channel":"status","type":"update","data":[{"system":"online"}]}',
    ])
      expect(map(text, RECEIVED)).toBeUndefined()
  })

  it('maps quotes and candles', () => {
    const map = mapper()
    const quote =
      '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":30243.3,"bid_qty":1.50000000,"ask":30243.4,"ask_qty":2.00000000,"last":1}]}'
    expect((map(quote, RECEIVED) as MappedRecords).records).toMatchObject([
      { bid: '30243.3', bidSize: '1.5', ask: '30243.4', askSize: '2', time: RECEIVED },
    ])
    const bar =
      '{"channel":"ohlc","type":"update","timestamp":"2023-07-06T18:53:17.9Z","data":[{"symbol":"BTC/USD","open":1.10,"high":3.0,"low":1.0,"close":2.0,"trades":4,"volume":5.50,"vwap":2.0,"interval_begin":"2023-07-06T18:53:00.000000000Z","interval":1}]}'
    expect((map(bar, RECEIVED) as MappedRecords).records).toMatchObject([
      { open: '1.1', volume: '5.5', tradeCount: 4, timeframe: '1m', time: 1_688_669_580_000_000, isFinal: false },
    ])
    const past = '{"error":[],"result":{"XXBTZUSD":[[1688669580,"1.10","3.0","1.0","2.0","2.0","5.50",4]],"last":1688669520}}'
    expect(barsIn(parseExactJson(past), 'kraken', BTC, '1m', RECEIVED).records).toMatchObject([
      { open: '1.1', volume: '5.5', tradeCount: 4, time: 1_688_669_580_000_000, isFinal: true },
    ])
  })

  it.each([
    ['EAPI:Rate limit exceeded', 'RATE_LIMITED'],
    ['EGeneral:Too many requests', 'RATE_LIMITED'],
    ['EQuery:Unknown asset pair', 'NOT_FOUND'],
    ['EService:Unavailable', 'UNAVAILABLE'],
    ['EGeneral:Invalid arguments', 'BAD_REQUEST'],
  ])('classifies %s, which comes with HTTP 200, as %s', (error, code) => {
    const body = JSON.stringify({ error: [error] })
    expect(isFailure(parseExactJson(body))).toBe(true)
    expect(errorOf('Kraken', { status: 200, body }, '/0/public/Trades')).toMatchObject({
      code,
      message: expect.stringContaining(error),
    })
  })
})

/** Frames of version 2 made of recorded figures of version 1, which had them as texts. */
const V2 = new Map([
  ['XBT', 'BTC'],
  ['XDG', 'DOGE'],
])
const symbolOf = (pair: string): string =>
  pair
    .split('/')
    .map((asset) => V2.get(asset) ?? asset)
    .join('/')

describeWith('recorded-data', 'kraken: a recorded capture', () => {
  const listed = () => listedIn(parseExactJson(recordedBody('KRAKEN.0', 'AssetPairs')), new Map())

  it('lists pairs by their names of today', () => {
    const pairs = new Map(listed().map((pair) => [pair.coinId, pair]))
    expect(pairs.get('BTC/USD')).toMatchObject({
      symbol: 'BTC/USD',
      alias: 'XXBTZUSD',
      quote: 'USD',
      tickSize: '0.1',
      lotSize: '0.00000001',
    })
    expect(pairs.get('DOGE/USD')).toMatchObject({ alias: 'XDGUSD' })
    expect([...pairs.keys()].some((name) => name.includes('XBT'))).toBe(false)
  })

  it('maps 10 trades, digit by digit', () => {
    const map = mapper(listed())
    let count = 0
    for (const text of recordedTexts('KRAKEN.ws.48.0')) {
      if (!text.startsWith('[')) continue
      const [, rows, , pair] = JSON.parse(text) as [number, [string, string, string, 'b' | 's'][], string, string]
      for (const [price, qty, time, side] of rows) {
        const symbol = symbolOf(pair)
        const at = floorMillis(secondsText(time))
        const frame = `{"channel":"trade","type":"update","data":[{"symbol":"${symbol}","side":"${side === 'b' ? 'buy' : 'sell'}","price":${price},"qty":${qty},"ord_type":"limit","trade_id":${++count},"timestamp":"${formatTime(secondsText(time))}"}]}`
        const [record] = tradesOf(map(frame, RECEIVED))
        expect(record).toMatchObject({ coinId: symbol, price: decimal(price), amount: decimal(qty), time: at })
        expect(tradeType.check(record as Trade)).toEqual(record)
      }
    }
    expect(count).toBe(10)
  })

  it('follows 4,279 messages of 10 books, and each checksum holds', () => {
    const map = mapper(listed())
    const books = new Map<string, BookFollower>()
    let [applied, verified, checksums] = [0, 0, 0]
    const levels = (side: readonly (readonly [string, string, ...unknown[]])[]) =>
      `[${side.map(([price, qty]) => `{"price":${price},"qty":${qty}}`).join(',')}]`
    for (const { instrument, message } of krakenBooks()) {
      const checksum = message.checksum === undefined ? '' : `,"checksum":${message.checksum}`
      const frame = `{"channel":"book","type":"${message.kind === 'snapshot' ? 'snapshot' : 'update'}","data":[{"symbol":"${symbolOf(instrument)}","bids":${levels(message.bids)},"asks":${levels(message.asks)}${checksum}}]}`
      const mapped = map(frame, RECEIVED) as MappedBook
      const follower = books.get(mapped.instrument.coinId) ?? new BookFollower({ protocol: krakenBook, maxLevels: 1000 })
      books.set(mapped.instrument.coinId, follower)
      if (message.checksum !== undefined) checksums++
      if (follower.follow(mapped.message).kind === 'applied') applied++
      if (follower.verified) verified++
    }
    expect({ applied, verified, checksums, books: books.size }).toEqual({
      applied: 4279,
      verified: 4269,
      checksums: 4269,
      books: 10,
    })
  })
})
