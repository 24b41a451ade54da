import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Instrument, instrument } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { appendPrices, type Engines, getJson, openEngines, platformOf, priceOf, serving } from './served.ts'
import { connect, subscribed } from './webSocket.ts'

const { url: database } = await testDatabase()
let engines: Engines
const currency = (coinId: string, symbol: string): Instrument => ({
  coinId,
  source: 'coingecko',
  time: 1_700_000_000_000_000,
  receivedAt: 1_700_000_000_000_000,
  origin: 'live',
  kind: 'currency',
  symbol,
  name: `${coinId} coin`,
  active: true,
})
beforeAll(async () => {
  engines = await openEngines(database)
  await engines.store.timescale.upsert(instrument, [
    currency('bitcoin', 'btc'),
    currency('weth', 'weth2'),
    currency('bridged-weth', 'weth2'),
  ])
  await engines.store.dsl.storePrices([priceOf('bitcoin'), priceOf('ethereum')])
})
afterAll(() => engines[Symbol.asyncDispose]())

const get = async (path: string) => {
  const { url } = await serving(platformOf(engines))
  return getJson(url + path)
}

test.each(['BTC', 'btc', 'Bitcoin Coin'])('%s is resolved to its only coin', async (name) => {
  const coin = encodeURIComponent(name)
  expect(await get(`/api/v1/prices/latest?coins=${coin},ethereum`)).toMatchObject({
    status: 200,
    body: { items: [{ coin_id: 'bitcoin' }, { coin_id: 'ethereum' }] },
  })
  expect(await get(`/api/v1/candles?coin=${coin}&timeframe=1h`)).toMatchObject({
    status: 200,
    body: { series: { coin_id: 'bitcoin' } },
  })
  expect(await get(`/api/v1/candles/bucketed?coin=${coin}&bucket=2h`)).toMatchObject({ status: 200 })
})

test('an ambiguous ticker is refused with its candidates', async () => {
  const { status, body } = await get('/api/v1/candles?coin=WETH2&timeframe=1h')
  expect(status).toBe(404)
  expect(body).toMatchObject({ code: 'NOT_FOUND', detail: expect.stringMatching(/bridged-weth.*weth/) })
})

test('latest prices of an unknown coin are not found, with a suggestion; a filter without matches is no error', async () => {
  expect(await get('/api/v1/prices/latest?coins=bitcion')).toMatchObject({
    status: 404,
    body: { code: 'NOT_FOUND', detail: expect.stringContaining('did you mean bitcoin?') },
  })
  expect(await get('/api/v1/prices/latest?coins=bitcoin&currencies=eur')).toMatchObject({ status: 200, body: { items: [] } })
})

test('a WebSocket resolves tickers, and refuses ambiguous ones', async () => {
  const { url } = await serving(platformOf(engines))
  const live = await connect(url)
  live.send({ type: 'subscribe', channel: 'prices', coins: ['BTC', 'not-stored-yet'] })
  expect(await live.next()).toMatchObject({ type: 'subscribed', coins: ['bitcoin', 'not-stored-yet'] })
  await appendPrices(engines.stream, priceOf('bitcoin'))
  expect(await live.next('record')).toMatchObject({ data: { coin_id: 'bitcoin' } })
  live.send({ type: 'subscribe', channel: 'prices', coins: ['weth2'] })
  expect(await live.next('error')).toMatchObject({ error: { code: 'NOT_FOUND', message: expect.stringMatching(/2 coins/) } })
  await subscribed(url)
})

test.each([
  ['/api/v1/prices/', '/api/v1/prices'],
  ['/api', '/api/v1/prices/latest'],
])('%s gives the suggestion of an address below it', async (path, meant) => {
  expect(await get(path)).toMatchObject({
    status: 404,
    body: { detail: expect.stringContaining(`did you mean ${meant}?`) },
  })
})
