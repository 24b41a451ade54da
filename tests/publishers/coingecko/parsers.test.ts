import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromMillis, parseExactJson, QiError } from '../../../lib/src/base/types/index.ts'
import * as endpoints from '../../../lib/src/publishers/sources/coingecko/endpoints.ts'
import { parseOhlc } from '../../../lib/src/publishers/sources/coingecko/parse/ohlc.ts'

const at = (iso: string) => fromMillis(Date.parse(iso))
const seen = { source: 'coingecko', receivedAt: at('2026-01-02T10:10:00Z'), origin: 'live' } as const
const HOUR = 3_600_000

describe('candles', () => {
  const start = Date.parse('2026-01-02T04:00:00Z')
  const rows = (stamps: readonly number[]) => parseExactJson(JSON.stringify(stamps.map((stamp) => [stamp, 1, 2, 0.5, 1.5])))
  const times = (stamps: readonly number[], days: '1' | '7' | '90' = '7') =>
    parseOhlc(rows(stamps), { id: 'bitcoin', currency: 'usd', days }, seen)

  it('are shifted from their close to their open, and one whose close lies ahead is not final', () => {
    const { records } = times([start, start + 4 * HOUR, start + 8 * HOUR])
    expect(records.map(({ time, timeframe, isFinal }) => [time, timeframe, isFinal])).toEqual([
      [at('2026-01-02T00:00:00Z'), '4h', true],
      [at('2026-01-02T04:00:00Z'), '4h', true],
      [at('2026-01-02T08:00:00Z'), '4h', false],
    ])
  })

  it('the last one may be stamped with the time it was made', () => {
    const { records, rejected } = times([start, start + 4 * HOUR, start + 6 * HOUR])
    expect(rejected).toEqual([])
    expect(records.at(-1)).toMatchObject({ time: at('2026-01-02T08:00:00Z'), isFinal: false })
  })

  it('have a length by their days: 1 → 30m, 7 to 30 → 4h, more → 4d, or the interval of a paid plan', () => {
    expect(times([start], '1').records[0]).toMatchObject({ timeframe: '30m', time: at('2026-01-02T03:30:00Z') })
    expect(times([start], '90').records[0]).toMatchObject({ timeframe: '4d', time: at('2025-12-29T04:00:00Z') })
    const daily = parseOhlc(rows([start]), { id: 'x', currency: 'usd', days: '30', interval: 'daily' }, seen)
    expect(daily.records[0]).toMatchObject({ timeframe: '1d' })
  })

  it('get their length from even stamps, and are refused if the stamps fit no length', () => {
    const hourly = [0, 1, 2, 3, 4].map((i) => start + i * HOUR)
    expect(new Set(times(hourly, '1').records.map(({ timeframe }) => timeframe))).toEqual(new Set(['1h']))
    const odd = times(
      [0, 1, 2, 3, 4].map((i) => start + i * 7 * 60_000),
      '1',
    )
    expect(odd.records).toEqual([])
    expect(odd.rejected).toHaveLength(5)
    expect(odd.rejected[0]?.reason).toBe('the stamps are 420 s apart, expected 1800 s for candles of 30m')
  })

  it('may have holes; a stamp off the grid, or a second time, is refused alone', () => {
    const holes = times([0, 1, 2, 5, 6].map((i) => start + i * 4 * HOUR))
    expect(holes.records).toHaveLength(5)
    const twice = times([0, 1, 1, 2, 3].map((i) => start + i * 4 * HOUR))
    expect(twice.records).toHaveLength(4)
    expect(twice.rejected).toMatchObject([{ paths: ['2'], reason: 'its stamp is 0 s after the one before, expected 14400 s' }])
  })
})

describe('missing values', () => {
  it('a null price is refused with its reason; a null optional figure is absent', () => {
    const body = `[{"id":"dead","current_price":null,"last_updated":null},
      {"id":"alive","current_price":2.993e-05,"market_cap":null,"total_volume":0,"price_change_percentage_24h":null,"last_updated":"2026-01-02T10:00:00.5Z"}]`
    const { records, rejected } = endpoints.markets.parse(parseExactJson(body), { currency: 'usd' }, seen)
    expect(records).toEqual([
      {
        coinId: 'alive',
        source: 'coingecko',
        currency: 'usd',
        time: at('2026-01-02T10:00:00.5Z'),
        receivedAt: seen.receivedAt,
        origin: 'live',
        price: '0.00002993',
        volume24h: '0',
      },
    ])
    expect(rejected).toMatchObject([{ paths: ['0'], reason: 'last_updated is null, expected a text' }])
  })

  it('a price without a timestamp has the time of receipt; one with a null timestamp is refused', () => {
    const parse = (body: string) => endpoints.simplePrice.parse(parseExactJson(body), { ids: [], currencies: ['usd'] }, seen)
    expect(parse('{"bitcoin":{"usd":49357}}').records[0]).toMatchObject({ price: '49357', time: seen.receivedAt })
    expect(parse('{"bitcoin":{"usd":49357,"last_updated_at":null}}')).toMatchObject({
      records: [],
      rejected: [{ original: '{"usd":49357}' }],
    })
    expect(parse('{"bitcoin":{}}').rejected[0]?.reason).toBe('CoinGecko gives no prices of the coin bitcoin')
    expect(parse('{"bitcoin":{"eur":1}}').rejected.map(({ reason }) => reason)).toContain('eur was not asked for')
  })

  it('a currency that the market does not have is refused', () => {
    const body =
      '{"data":{"active_cryptocurrencies":1,"markets":2,"total_market_cap":{},"total_volume":{},"market_cap_percentage":{"btc":1,"eth":2},"updated_at":1700000000}}'
    const { records, rejected } = endpoints.globalMarket.parse(parseExactJson(body), { currencies: ['constructor'] }, seen)
    expect(records).toEqual([])
    expect(rejected[0]?.reason).toBe('CoinGecko gives no market figures in constructor')
  })
})

describe('odd values', () => {
  const list = (coins: readonly object[]) => endpoints.coinsList.parse(parseExactJson(JSON.stringify(coins)), {}, seen)

  it('names of any script are kept, without hidden characters; too long or empty ones are refused alone', () => {
    const coin = (name: string) => ({ id: 'x', symbol: 's', name })
    const good = ['比特币', 'Ⓑ🚀', '❤️', 'a'.repeat(200)]
    const hidden = ['\u202eevil', 'a\0b', '\ud83d', 'a\nb', '\u200b']
    const bad = ['a'.repeat(201), '']
    const { records, rejected } = list([...good, ...hidden, ...bad].map(coin))
    expect(records.map(({ name }) => name)).toEqual([...good, 'evil', 'ab', '\ufffd', 'a b', '\ufffd'])
    expect(rejected.map(({ paths }) => paths[0])).toEqual(['9', '10'])
    for (const { reason } of rejected) expect(reason).toContain('name')
    const ids = list([{ id: 'a\u202eb', symbol: 's', name: 'n' }, { id: 'x', symbol: 's\u200b', name: 'n' }, coin('y')])
    expect(ids.records).toHaveLength(1)
    expect(ids.rejected.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('coin_id "a\\u202eb": holds the hidden character U+202E'),
      expect.stringContaining('symbol "s\\u200b": holds the hidden character U+200B'),
    ])
  })

  it('figures beyond 40 digits are refused, not rounded', () => {
    const body = `[{"id":"x","current_price":1e41,"last_updated":"2026-01-01T00:00:00Z"},{"id":"y","current_price":1e-41,"last_updated":"2026-01-01T00:00:00Z"}]`
    const { rejected } = endpoints.markets.parse(parseExactJson(body), { currency: 'usd' }, seen)
    expect(rejected.map(({ reason }) => reason)).toEqual([
      '1e41 has more than 40 digits on one side of the point',
      '1e-41 has more than 40 digits on one side of the point',
    ])
  })

  it('a chart joins its series by timestamp, in order, and refuses figures without a price', () => {
    const body =
      '{"prices":[[1700000002000,2],[1700000001000,1],[1700000003000,null],[7,3]],"market_caps":[[1700000001000,10],[1700000004000,40]],"total_volumes":[[1700000002000,null]]}'
    const { records, rejected } = endpoints.marketChart.parse(parseExactJson(body), { id: 'x', currency: 'usd', days: '1' }, seen)
    expect(records.map(({ time, price, marketCap, volume24h }) => [time, price, marketCap, volume24h])).toEqual([
      [1_700_000_001_000_000, '1', '10', undefined],
      [1_700_000_002_000_000, '2', undefined, undefined],
    ])
    expect(rejected.map(({ paths }) => paths[0]).sort()).toEqual(['market_caps.1', 'prices.2', 'prices.3'])
  })

  const all = [
    [endpoints.simplePrice, { ids: ['a'], currencies: ['usd'] }],
    [endpoints.markets, { currency: 'usd' }],
    [endpoints.ohlc, { id: 'a', currency: 'usd', days: '1' }],
    [endpoints.marketChart, { id: 'a', currency: 'usd', days: '1' }],
    [endpoints.globalMarket, { currencies: ['usd'] }],
    [endpoints.trendingSearches, {}],
    [endpoints.search, { query: '' }],
    [endpoints.coinsList, {}],
    [endpoints.coin, { id: 'a', currencies: ['usd'] }],
    [endpoints.coinHistory, { id: 'a', currencies: ['usd'], date: '2025-01-01' }],
  ] as unknown as readonly (readonly [endpoints.Endpoint<object, unknown>, object])[]

  it.each(all.map(([endpoint, params]) => [endpoint.name, endpoint, params] as const))(
    '%s survives any JSON: records, refusals, or BAD_DATA, and nothing else',
    (_, endpoint, params) => {
      const names = fc.constantFrom(
        'id',
        'usd',
        'data',
        'coins',
        'item',
        'prices',
        'market_caps',
        'total_volumes',
        'market_data',
        'current_price',
        'last_updated',
        'last_updated_at',
        'symbol',
        'name',
        'a',
        '__proto__',
        'constructor',
      )
      const tree = fc.letrec((tie) => ({
        value: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('list'), tie('object')),
        list: fc.array(tie('value'), { maxLength: 5 }),
        object: fc.dictionary(names, tie('value'), { maxKeys: 8 }),
        leaf: fc.oneof(
          fc.constant(null),
          fc.boolean(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.integer(),
          fc.string({ unit: 'binary' }),
        ),
      })).value
      fc.assert(
        fc.property(fc.oneof(tree, fc.array(tree)), (value) => {
          try {
            endpoint.parse(parseExactJson(JSON.stringify(value)), params, seen)
          } catch (error) {
            expect(error).toBeInstanceOf(QiError)
            expect(error).toMatchObject({ code: 'BAD_DATA' })
          }
        }),
        { numRuns: 300 },
      )
    },
  )
})
