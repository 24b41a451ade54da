import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExactJson, type Quote, type Trade } from '../../../lib/src/base/types/index.ts'
import { errorOf, isFailure } from '../../../lib/src/publishers/sources/okx/errors.ts'
import { mapperOf } from '../../../lib/src/publishers/sources/okx/parse/live.ts'
import { barsIn, listedIn, tradesIn } from '../../../lib/src/publishers/sources/okx/parse/rest.ts'
import { Instruments, type Listed, type MappedRecords } from '../../../lib/src/publishers/venue/index.ts'
import { exactly, figureTexts } from './mutatedFigures.ts'

const RECEIVED_AT = 1_670_324_390_000_000

const pair = { symbol: 'BTC-USDT', coinId: 'BTC/USDT', base: 'BTC', quote: 'USDT', active: true } as Listed
const perpetual = {
  symbol: 'BTC-USDT-SWAP',
  coinId: 'BTC/USDT:USDT',
  base: 'BTC',
  quote: 'USDT',
  active: true,
  contractSize: '0.01',
} as Listed
const map = mapperOf({ source: 'okx', instruments: new Instruments([pair, perpetual]) })

const tradePart = (instId: string, px = '42219.90', sz = '0.12060306') =>
  `{"instId":"${instId}","tradeId":"130639474","px":"${px}","sz":"${sz}","side":"buy","source":"0","ts":"1670324386802"}`
const tradeText = (instId: string, px?: string, sz?: string) =>
  `{"arg":{"channel":"trades-all","instId":"${instId}"},"data":[${tradePart(instId, px, sz)}]}`
const one = <R>(mapped: unknown): R => (mapped as MappedRecords).records[0] as unknown as R

describe('OKX: messages', () => {
  it('gives one row for a trade by socket and by REST', () => {
    for (const listed of [pair, perpetual]) {
      const live = one<Trade>(map(tradeText(listed.symbol), RECEIVED_AT))
      const body = parseExactJson(`{"code":"0","msg":"","data":[${tradePart(listed.symbol)}]}`)
      const [past] = tradesIn(body, 'okx', listed, RECEIVED_AT + 5).records
      expect({ ...past, receivedAt: live.receivedAt, origin: live.origin }).toEqual(live)
      expect([live.origin, past?.origin]).toEqual(['live', 'backfill'])
    }
  })

  it('gives amounts of perpetuals in base units', () => {
    expect(one<Trade>(map(tradeText('BTC-USDT-SWAP', '42219.9', '1234567.5'), RECEIVED_AT)).amount).toBe('12345.675')
  })

  it('takes any digits exactly, or rejects the trade', () => {
    fc.assert(
      fc.property(figureTexts, figureTexts, (px, sz) => {
        const { records, rejected = [] } = map(tradeText('BTC-USDT', px, sz), RECEIVED_AT) as MappedRecords<Trade>
        const [price, amount] = [exactly(px), exactly(sz)]
        if (price === undefined || amount === undefined) {
          expect(records).toEqual([])
          expect(rejected).toHaveLength(1)
        } else expect(records).toMatchObject([{ price, amount }])
      }),
      { numRuns: 500 },
    )
  })

  it('gives the best bid and ask with the number of the change, and nothing while a side is empty', () => {
    const text = (asks: string) =>
      `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"},"data":[{"asks":${asks},"bids":[["111.05","57745","0","2"]],"ts":"1670324386802","seqId":363996337}]}`
    expect(one<Quote>(map(text('[["111.06","55154","0","2"]]'), RECEIVED_AT))).toMatchObject({
      coinId: 'BTC/USDT:USDT',
      time: 1_670_324_386_802_000,
      sequence: 363_996_337,
      bid: '111.05',
      bidSize: '577.45',
      ask: '111.06',
      askSize: '551.54',
    })
    expect(map(text('[]'), RECEIVED_AT)).toEqual({ kind: 'quotes', records: [] })
  })

  it('gives the same candle by socket and by REST, with its flag', () => {
    const row = '["1670324340000","8533.02","8553.74","8527.17","8548.26","45247","452.47","3867894.1","1"]'
    const live = one(map(`{"arg":{"channel":"candle1Dutc","instId":"BTC-USDT-SWAP"},"data":[${row}]}`, RECEIVED_AT))
    expect(live).toMatchObject({ timeframe: '1d', volume: '452.47', isFinal: true, open: '8533.02' })
    const body = parseExactJson(`{"code":"0","msg":"","data":[${row}]}`)
    const [past] = barsIn(body, 'okx', perpetual, '1d', RECEIVED_AT).records
    expect({ ...past, origin: 'live' }).toEqual(live)
  })

  it('links the messages of an order book, and passes its levels on as they came', () => {
    const text = (action: string, seqId: number, prevSeqId: number) =>
      `{"arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"action":"${action}","data":[{"asks":[["8476.980","415","0","13"]],"bids":[],"ts":"1597026383085","checksum":-855196043,"prevSeqId":${prevSeqId},"seqId":${seqId}}]}`
    expect(map(text('snapshot', 10, -1), RECEIVED_AT)).toEqual({
      kind: 'book',
      instrument: perpetual,
      message: {
        kind: 'snapshot',
        last: 10,
        checksum: -855_196_043,
        time: 1_597_026_383_085_000,
        asks: [['8476.980', '415', '0', '13']],
        bids: [],
      },
    })
    expect(map(text('update', 12, 10), RECEIVED_AT)).toMatchObject({ message: { kind: 'delta', previous: 10, last: 12 } })
    expect(() => map(text('other', 12, 10), RECEIVED_AT)).toThrow('action "other" is neither snapshot nor update')
  })

  it('reads acknowledgements, refusals and the notice of an end', () => {
    expect(map('pong', RECEIVED_AT)).toBeUndefined()
    expect(
      map('{"id":"1","event":"subscribe","arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"connId":"a4d3ae55"}', RECEIVED_AT),
    ).toEqual({ kind: 'ack', topics: ['bbo-tbt:BTC-USDT'] })
    expect(
      map(
        `{"id":"1","event":"error","code":"60018","msg":"Wrong URL or channel:trades-all,instId:BTC-USDX doesn't exist.","connId":"a"}`,
        RECEIVED_AT,
      ),
    ).toMatchObject({ kind: 'ack', topics: ['trades-all:BTC-USDX'], refused: expect.stringContaining('60018') })
    expect(map('{"id":"7","event":"error","code":"60012","msg":"Invalid request"}', RECEIVED_AT)).toEqual({
      kind: 'ack',
      id: 7,
      refused: 'error 60012: Invalid request',
    })
    expect(() => map('{"event":"error","code":"60012","msg":"Invalid request"}', RECEIVED_AT)).toThrow('60012')
    expect(map('{"event":"notice","code":"64008","msg":"The connection will soon be closed","connId":"a"}', RECEIVED_AT)).toEqual(
      { kind: 'ending', reason: 'The connection will soon be closed' },
    )
  })

  it('rejects a broken part with its reason, and keeps the others', () => {
    const broken = tradePart('BTC-USDT').replace('"buy"', '"both"')
    const mapped = map(
      `{"arg":{"channel":"trades-all","instId":"BTC-USDT"},"data":[${broken},${tradePart('BTC-USDT')},null]}`,
      RECEIVED_AT,
    ) as MappedRecords
    expect(mapped.records).toHaveLength(1)
    expect(mapped.rejected).toHaveLength(2)
    expect(mapped.rejected?.[0]).toEqual({ reason: 'side "both" is neither buy nor sell', original: broken })
    const unknown = map(tradeText('XYZ-USDT'), RECEIVED_AT) as MappedRecords
    expect(unknown.rejected?.[0]?.reason).toContain('instrument "XYZ-USDT" is not in the venue\'s list')
  })

  it('leaves out perpetuals whose amounts are in the quote currency', () => {
    const swap = (ctType: string, ctValCcy: string, settleCcy: string) =>
      `{"instId":"BTC-${settleCcy}-SWAP","uly":"BTC-USD","ctType":"${ctType}","ctVal":"100","ctMult":"1","ctValCcy":"${ctValCcy}","settleCcy":"${settleCcy}","tickSz":"0.1","lotSz":"1","state":"live"}`
    const body = `{"code":"0","data":[${swap('inverse', 'USD', 'BTC')},${swap('linear', 'BTC', 'USDC')}]}`
    expect(listedIn(parseExactJson(body), 'swap', new Map())).toMatchObject([{ coinId: 'BTC/USD:USDC', contractSize: '100' }])
  })
})

describe('OKX: errors', () => {
  const classified = (status: number, body: string) => errorOf('OKX', { status, body }, '/api/v5/market/history-trades')

  it.each([
    [429, '{"code":"50011","msg":"Too Many Requests","data":[]}', 'RATE_LIMITED'],
    [200, '{"code":"50011","msg":"Too Many Requests","data":[]}', 'RATE_LIMITED'],
    [200, '{"code":"51001","msg":"Instrument ID does not exist","data":[]}', 'NOT_FOUND'],
    [200, '{"code":"51000","msg":"Parameter bar error","data":[]}', 'BAD_REQUEST'],
    [200, '{"code":"59999","msg":"something new","data":[]}', 'BAD_REQUEST'],
    [503, '{"code":"50001","msg":"Service temporarily unavailable","data":[]}', 'UNAVAILABLE'],
    [403, '<html><title>Access denied</title></html>', 'FORBIDDEN'],
    [502, 'bad gateway', 'UNAVAILABLE'],
  ] as const)('%i %s is %s', (status, body, code) => {
    const error = classified(status, body)
    expect(error.code).toBe(code)
    expect(error.message).toContain(`OKX /api/v5/market/history-trades: HTTP ${status}`)
  })

  it('names the country where the address is refused', () => {
    expect(classified(403, '{}').message).toContain('may not serve this country')
  })

  it('tells a good body by its code', () => {
    expect(isFailure(parseExactJson('{"code":"0","data":[]}'))).toBe(false)
    expect(isFailure(parseExactJson('{"code":"51001","data":[]}'))).toBe(true)
    expect(isFailure(parseExactJson('[]'))).toBe(true)
  })
})
