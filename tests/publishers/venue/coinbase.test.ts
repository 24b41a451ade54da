import { describe, expect, it } from 'vitest'
import {
  decimal,
  parseExactJson,
  type Quote,
  type SourceDefinition,
  type Trade,
  trade as tradeType,
} from '../../../lib/src/base/types/index.ts'
import { coinbase } from '../../../lib/src/publishers/sources/coinbase/index.ts'
import { mapperOf } from '../../../lib/src/publishers/sources/coinbase/parse/live.ts'
import { barsIn, listedIn, tradesIn } from '../../../lib/src/publishers/sources/coinbase/parse/rest.ts'
import { Instruments } from '../../../lib/src/publishers/venue/Instruments.ts'
import type { Listed, Mapped, MappedBook, MappedRecords } from '../../../lib/src/publishers/venue/types.ts'
import { describeWith } from '../../support/services.ts'
import { coinbaseBooks } from './recordedBooks.ts'
import { recordedBody, recordedTexts } from './recordedTexts.ts'
import { venueSuite } from './venueSuite.ts'

venueSuite(coinbase as unknown as SourceDefinition, {
  venue: 'coinbase',
  // Nothing in the messages tells that one was lost.
  books: false,
  instruments: [
    { coinId: 'BTC/USD', symbol: 'BTC-USD', topic: 'matches:BTC-USD' },
    { coinId: 'ETH/USD', symbol: 'ETH-USD', topic: 'matches:ETH-USD' },
  ],
})

const RECEIVED = 1_618_677_817_500_000
const BTC: Listed = { symbol: 'BTC-USD', coinId: 'BTC/USD', base: 'BTC', quote: 'USD', active: true }
const mapper = (listed: readonly Listed[] = [BTC]) => mapperOf({ source: 'coinbase', instruments: new Instruments(listed) })
const MATCH = {
  type: 'match',
  trade_id: 881613,
  side: 'sell',
  size: '0.04000000',
  price: '14.7775',
  product_id: 'BTC-USD',
  sequence: 333938798,
  time: '2021-04-17T16:43:30.244075Z',
}
const tradesOf = (mapped: Mapped): readonly Trade[] => (mapped as MappedRecords<Trade>).records

describe('coinbase: messages', () => {
  it('gives one trade by socket and REST the same fields, and the side of the taker', () => {
    const [live] = tradesOf(mapper()(JSON.stringify(MATCH), RECEIVED))
    const { type: _, product_id: __, sequence: ___, ...row } = MATCH
    const [past] = tradesIn(parseExactJson(JSON.stringify([row])), 'coinbase', BTC, RECEIVED + 1).records
    expect({ ...past, receivedAt: RECEIVED, origin: 'live' }).toEqual(live)
    expect(live).toMatchObject({ side: 'buy', tradeId: '881613', sequence: 881613, amount: '0.04', time: 1_618_677_810_244_075 })
  })

  it.each([
    ['12345678901234567890.12345678901234567890', '12345678901234567890.1234567890123456789'],
    ['1e-18', '0.000000000000000001'],
    ['1.5E+3', '1500'],
  ])('keeps the digits of %s', (text, expected) => {
    expect(tradesOf(mapper()(JSON.stringify({ ...MATCH, price: text }), RECEIVED))[0]?.price).toBe(expected)
  })

  it.each([
    ['price', '1'.repeat(41)],
    ['price', 14.5],
    ['size', ''],
    ['time', 'yesterday'],
    ['side', 'both'],
    ['trade_id', 1.5],
  ])('rejects a trade whose %s is %s, with its text', (field, value) => {
    const mapped = mapper()(JSON.stringify({ ...MATCH, [field]: value }), RECEIVED) as MappedRecords
    expect(mapped.records).toEqual([])
    expect(mapped.rejected).toMatchObject([{ original: expect.stringContaining('333938798') }])
  })

  it('answers subscriptions, refusals and heartbeats', () => {
    const map = mapper()
    expect(map('{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}', RECEIVED)).toEqual({
      kind: 'ack',
      topics: ['matches:BTC-USD'],
    })
    expect(map('{"type":"error","message":"Failed to subscribe","reason":"BTC-FOO is not a valid product"}', RECEIVED)).toEqual({
      kind: 'ack',
      topics: ['matches:BTC-FOO', 'ticker:BTC-FOO', 'level2_batch:BTC-FOO'],
      refused: 'Failed to subscribe: BTC-FOO is not a valid product',
    })
    expect(map('{"type":"heartbeat","last_trade_id":20,"product_id":"BTC-USD","sequence":90}', RECEIVED)).toEqual({
      kind: 'last',
      coinId: 'BTC/USD',
      sequence: 20,
    })
    expect(map('{"type":"status"}', RECEIVED)).toBeUndefined()
  })

  it('reads candles, whose figures are numbers, digit by digit', () => {
    const body = parseExactJson('[[1618678020,0.1000000000000000055,3,2,1e-7,123456789012345678.5]]')
    expect(barsIn(body, 'coinbase', BTC, '1m', RECEIVED).records).toMatchObject([
      { low: '0.1000000000000000055', close: '0.0000001', volume: '123456789012345678.5', isFinal: false },
    ])
  })

  it('refuses candles as a channel, and does not take them by default', () => {
    expect(coinbase.config.parse({}).channels).toEqual(['trades', 'quotes'])
    expect(() => coinbase.config.parse({ channels: ['candles'] })).toThrow('pushes no candles')
  })
})

describeWith('recorded-data', 'coinbase: a recorded capture', () => {
  const listed = () => listedIn(parseExactJson(recordedBody('COINBASE.0', '/products')), new Map())

  it('maps each trade, digit by digit, with numbers that grow by one, and the side that the ticker tells', () => {
    const map = mapper(listed())
    const trades: Trade[] = []
    const takers = new Map<string, string>()
    for (const text of recordedTexts('COINBASE.ws.28.0')) {
      const message = JSON.parse(text) as Record<string, string>
      if (message.type === 'ticker') takers.set(`${message.product_id} ${message.trade_id}`, message.side as string)
      if (message.type !== 'match' && message.type !== 'last_match') continue
      const [record] = tradesOf(map(text, RECEIVED))
      expect(record).toMatchObject({ price: decimal(message.price as string), amount: decimal(message.size as string) })
      expect(tradeType.check(record as Trade)).toEqual(record)
      trades.push(record as Trade)
    }
    expect(trades).toHaveLength(107)
    const told = trades.flatMap(({ coinId, tradeId, side }) => {
      const taker = takers.get(`${coinId.replace('/', '-')} ${tradeId}`)
      return taker === undefined ? [] : [side === taker]
    })
    expect(told.length).toBeGreaterThan(90)
    expect(told.every(Boolean)).toBe(true)
    for (const some of Map.groupBy(trades, ({ coinId }) => coinId).values())
      expect(some.map(({ sequence = 0 }) => sequence - (some[0]?.sequence ?? 0))).toEqual([...some.keys()])
  })

  it('maps quotes whose sequence grows; the capture is older than their sizes', () => {
    const map = mapper(listed())
    const last = new Map<string, number>()
    let quotes = 0
    for (const text of recordedTexts('COINBASE.ws.28.0')) {
      const message = JSON.parse(text) as Record<string, string>
      if (message.type !== 'ticker') continue
      expect((map(text, RECEIVED) as MappedRecords).rejected).toHaveLength(1)
      const today = { ...message, best_bid_size: message.last_size, best_ask_size: message.last_size }
      const [record] = (map(JSON.stringify(today), RECEIVED) as MappedRecords<Quote>).records
      expect(record).toMatchObject({ bid: decimal(message.best_bid as string), ask: decimal(message.best_ask as string) })
      expect(record?.sequence).toBeGreaterThan(last.get(record?.coinId as string) ?? 0)
      last.set(record?.coinId as string, record?.sequence as number)
      quotes++
    }
    expect(quotes).toBe(107)
  })

  it('maps each message of the books as the wire has it', () => {
    const map = mapper(listed())
    const expected = [...coinbaseBooks()]
    const mapped = recordedTexts('COINBASE.ws.28.0').flatMap((text) => {
      if (!/^\{"type":"(snapshot|l2update)"/.test(text)) return []
      const { instrument, message } = map(text, RECEIVED) as MappedBook
      return [{ instrument: instrument.symbol, message }]
    })
    expect(mapped).toHaveLength(9729)
    expect(mapped).toEqual(expected)
  })
})
