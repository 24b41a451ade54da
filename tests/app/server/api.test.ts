import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Decimal, MarketAnalytics, Ohlcv } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { type Engines, getJson, openEngines, platformOf, priceOf, serving } from './served.ts'

const { url } = await testDatabase()
let engines: Engines

const common = { source: 'coingecko', receivedAt: 1_700_000_001_000_000, origin: 'live', currency: 'usd' } as const
const hour = 3_600_000_000
const candle: Ohlcv = {
  ...common,
  coinId: 'bitcoin',
  time: 1_699_999_200_000_000,
  receivedAt: 1_700_002_801_000_000,
  timeframe: '1h',
  open: '1.1' as Decimal,
  high: '2' as Decimal,
  low: '0.00000000000000000001' as Decimal,
  close: '1.5' as Decimal,
  tradeCount: 7,
  isFinal: true,
  builtFrom: 'provider',
}
const analytics: MarketAnalytics = {
  ...common,
  origin: 'simulated',
  source: 'simulated',
  time: 1_700_000_000_000_000,
  totalMarketCap: '1' as Decimal,
  totalVolume24h: '2' as Decimal,
  btcDominance: '50.5' as Decimal,
  ethDominance: '20' as Decimal,
  activeCoins: 3,
  markets: 4,
}

beforeAll(async () => {
  engines = await openEngines(url)
  const { dsl } = engines.store
  await dsl.storePrices([
    priceOf('bitcoin', { change24hPct: '1.5' as Decimal }),
    priceOf('bitcoin', { source: 'simulated', origin: 'simulated' }),
    priceOf('ethereum', { source: 'simulated', origin: 'simulated' }),
  ])
  await dsl.storeOHLCV([candle, { ...candle, time: candle.time - hour }])
  await dsl.storeMarketAnalytics([analytics])
})
afterAll(() => engines[Symbol.asyncDispose]())

const get = async (path: string) => getJson(`${(await serving(platformOf(engines))).url}${path}`)

test('a price has the names of its columns and every digit; simulated ones appear only without a real one', async () => {
  const { status, body, headers } = await get('/api/v1/prices/latest?coins=bitcoin,ethereum')
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(body).toEqual({
    items: [
      {
        coin_id: 'bitcoin',
        source: 'coingecko',
        time: '2023-11-14T22:13:20.123456Z',
        received_at: '2023-11-14T22:13:21Z',
        origin: 'live',
        currency: 'usd',
        price: '123456789012345.12345678',
        change_24h_pct: '1.5',
      },
      expect.objectContaining({ coin_id: 'ethereum', source: 'simulated', origin: 'simulated' }),
    ],
  })
})

test('pages follow `next` to the last one', async () => {
  const { url } = await serving(platformOf(engines))
  const first = await getJson(`${url}/api/v1/prices/latest?include_simulated=true&limit=2`)
  const { items, next } = first.body as { items: unknown[]; next: string }
  expect(items).toHaveLength(2)
  const second = await getJson(`${url}/api/v1/prices/latest?include_simulated=true&limit=2&after=${encodeURIComponent(next)}`)
  expect(second.body).toEqual({ items: [expect.objectContaining({ coin_id: 'ethereum' })] })
})

test('candles name their series, and are oldest first within a range', async () => {
  const { body } = await get('/api/v1/candles?coin=bitcoin&timeframe=1h&from=2023-11-14T22:00:00Z&to=2023-11-14T23:00:00Z')
  expect(body).toEqual({
    series: { coin_id: 'bitcoin', source: 'coingecko', currency: 'usd', simulated: false, latest: expect.any(String) },
    timeframe: '1h',
    candles: [
      {
        coin_id: 'bitcoin',
        source: 'coingecko',
        time: '2023-11-14T22:00:00Z',
        received_at: '2023-11-14T23:00:01Z',
        origin: 'live',
        currency: 'usd',
        timeframe: '1h',
        open: '1.1',
        high: '2',
        low: '0.00000000000000000001',
        close: '1.5',
        trade_count: 7,
        is_final: true,
        built_from: 'provider',
        covered: 1,
        partial: false,
      },
    ],
    other_series: [expect.objectContaining({ source: 'simulated', simulated: true })],
  })
})

test('the summary says when a figure in it is simulated', async () => {
  const { body } = await get('/api/v1/market/summary')
  expect(body).toMatchObject({ simulated: true, analytics: [{ origin: 'simulated', btc_dominance: '50.5' }] })
  const real = await get('/api/v1/market/summary?sources=coingecko')
  expect(real.body).toMatchObject({
    simulated: false,
    analytics: [],
    breadth: [{ source: 'coingecko', simulated: false, coins: 1, advancers: 1 }],
  })
})

test('the status shows the running parts, without error messages', async () => {
  const { body } = await get('/api/v1/status')
  expect(body).toMatchObject({
    state: 'running',
    stream: 'embedded',
    simulated: false,
    consumers: [{ name: 'crypto-data', written: 2, dead_lettered: 0 }],
    parts: [{ name: 'consumer crypto-data', restarts: 3 }],
  })
})

test.each([
  ['/api/v1/prices/latest?coin=bitcoin', 'coin', /unknown parameter "coin"; did you mean coins\?/],
  ['/api/v1/prices/latest?limit=0', 'limit', /limit "0"/],
  ['/api/v1/prices/latest?limit=many', 'limit', /limit "many"/],
  ['/api/v1/prices/latest?coins=', 'coins', /coins is empty/],
  ['/api/v1/prices/latest?after=zzz', 'after', /after/],
  ['/api/v1/candles', 'coin', /coin/],
  ['/api/v1/candles?coin=bitcoin&timeframe=7m', 'timeframe', /timeframe "7m".*5m/],
  ['/api/v1/candles?coin=bitcoin&from=tomorrow', 'from', /from "tomorrow".*2026-01-31T12:00:00/],
  ['/api/v1/candles?coin=a&coin=b', 'coin', /coin/],
  ['/api/v1/instruments?kind=cheese', 'kind', /kind "cheese".*pair/],
  [
    '/api/v1/prices/latest?coins=bitcoin,',
    'coins',
    /coins "bitcoin,": must hold a visible character before and after each comma/,
  ],
  ['/api/v1/prices/latest?coins=bit%00coin', 'coins', /no NUL/],
  ['/api/v1/prices/latest?include_simulated=null', 'include_simulated', /include_simulated "null": must be true or false/],
  [`/api/v1/prices/latest?after=${Buffer.from('["a\\u0000","b","c"]').toString('base64url')}`, 'after', /leave it out/],
  ['/api/v1/prices/latest?=1', 'query', /without a name.*name=value/],
  ['/api/v1/candles?coin=bit%00coin', 'coin', /no NUL/],
  ['/api/v1/candles?coin=bitcoin&to=9999-12-31', 'to', /to "9999-12-31".*from the year 1 to 2255/],
  ['/api/v1/data-health?to=0001-01-01', 'from', /must be before to/],
  ['/api/v1/status?verbose=1', 'verbose', /takes none/],
])('%s is refused with field, value and remedy', async (path, field, message) => {
  const { status, body } = await get(path)
  expect(status).toBe(400)
  expect(body).toEqual({
    type: 'urn:qicore:error:BAD_REQUEST',
    title: 'an argument is missing or wrong',
    status: 400,
    detail: expect.stringMatching(message),
    code: 'BAD_REQUEST',
    field,
    retryable: false,
  })
})

test('an unknown coin is not found', async () => {
  for (const [coin, remedy] of [
    ['bitcon', 'did you mean bitcoin?'],
    ['no-such-coin', 'ask for the latest prices to see which coins, sources and currencies are stored'],
  ]) {
    const { status, body } = await get(`/api/v1/candles?coin=${coin}`)
    expect(status).toBe(404)
    const detail = `no candle, no trade and no price of "${coin}" is stored; ${remedy}`
    expect(body).toMatchObject({ code: 'NOT_FOUND', field: 'coin', detail })
  }
  const elsewhere = await get('/api/v1/candles?coin=bitcoin&source=kraken&currency=eur')
  expect(elsewhere.body).toMatchObject({ detail: expect.stringContaining('"bitcoin" at kraken in eur is stored') })
})

test('an unknown address is answered with the known ones and a suggestion', async () => {
  const { status, body } = await get('/api/v1/candels')
  expect(status).toBe(404)
  expect(body).toMatchObject({
    field: 'path',
    detail: expect.stringMatching(/did you mean \/api\/v1\/candles\?.*\/api\/v1\/market\/summary/),
  })
})

test('only GET and HEAD are allowed', async () => {
  const { url } = await serving(platformOf(engines))
  const { status, headers, body } = await getJson(`${url}/api/v1/status`, { method: 'POST' })
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect(body).toMatchObject({ code: 'METHOD_NOT_ALLOWED', field: 'method' })
  expect((await fetch(`${url}/api/v1/status`, { method: 'HEAD' })).status).toBe(200)
})
