import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Decimal } from '../../../lib/src/base/index.ts'
import { testDatabase } from '../../support/database.ts'
import { answerOf, document } from './documented.ts'
import { type Engines, getJson, openEngines, platformOf, priceOf, serving } from './served.ts'

const { url: database } = await testDatabase()
let engines: Engines

beforeAll(async () => {
  engines = await openEngines(database)
  const { dsl } = engines.store
  const change24hPct = '-1.5' as Decimal
  await dsl.storePrices([
    priceOf('bitcoin', { marketCap: '5' as Decimal, volume24h: '7' as Decimal, change24hPct }),
    priceOf('ethereum'),
  ])
  const { price: open, ...common } = priceOf('bitcoin')
  await dsl.storeOHLCV([
    {
      ...common,
      time: 1_699_999_200_000_000,
      timeframe: '30m',
      open,
      high: open,
      low: open,
      close: open,
      isFinal: true,
      builtFrom: 'provider',
    },
  ])
})
afterAll(() => engines[Symbol.asyncDispose]())

test('the document is valid OpenAPI 3.1', async () => {
  const found = await new Validator().validate(structuredClone(document))
  expect(found).toMatchObject({ valid: true })
})

test('the committed document is the served one', async () => {
  const committed: unknown = JSON.parse(readFileSync(new URL('../../../docs/reference/openapi.json', import.meta.url), 'utf8'))
  const { url } = await serving(platformOf(engines))
  expect((await getJson(`${url}/api/v1/openapi.json`)).body).toEqual(committed)
})

/** Addresses that are read as they are. */
const readable = () => Object.keys(document.paths).filter((path) => document.paths[path]?.get && !path.includes('{'))

describe('every route answers as documented', () => {
  test.each([
    ['/api/v1/prices/latest', ''],
    ['/api/v1/prices/latest', '?coins=bitcoin&limit=1'],
    ['/api/v1/candles', '?coin=bitcoin&timeframe=30m'],
    ['/api/v1/candles', '?coin=bitcoin&timeframe=1h'],
    ['/api/v1/market/summary', ''],
    ['/api/v1/instruments', ''],
    ['/api/v1/coverage', '?coins=bitcoin&gaps=false'],
    ['/api/v1/status', ''],
    ['/api/v1/openapi.json', ''],
    ['/health', ''],
    ['/ready', ''],
  ])('%s%s', async (path, query) => {
    const { url } = await serving(platformOf(engines))
    const { status, body } = await getJson(url + path + query)
    expect(status).toBe(200)
    answerOf(path, 200)(body)
  })

  test('/health and /ready when something is down', async () => {
    const down = {
      ...platformOf(engines),
      health: async () => ({ status: 'down', parts: [{ name: 'store', status: 'down', since: 0, summary: 'gone' }] }) as const,
    }
    const { url } = await serving(down)
    for (const path of ['/health', '/ready']) {
      const { status, body } = await getJson(url + path)
      expect(status).toBe(503)
      answerOf(path, 503)(body)
    }
  })

  test('an error of every documented kind', async () => {
    const { url } = await serving(platformOf(engines))
    for (const path of readable()) {
      const { status, body } = await getJson(`${url}${path}?nothing=1`)
      expect([path, status]).toEqual([path, 400])
      answerOf(path, 400)(body)
    }
    const { status, body } = await getJson(`${url}/api/v1/candles?coin=nothing`)
    answerOf('/api/v1/candles', status)(body)
    const guarded = await serving(platformOf(engines), { token: 'a-token-of-enough-length' })
    for (const path of readable())
      if (document.paths[path]?.get?.responses['401']) answerOf(path, 401)((await getJson(guarded.url + path)).body)
  })

  test('every parameter is described, and one that is required is demanded', async () => {
    const { url } = await serving(platformOf(engines))
    for (const [path, operations] of Object.entries(document.paths))
      for (const { name, in: place, required, description } of Object.values(operations).flatMap((one) => one.parameters ?? [])) {
        expect(description).toMatch(/\w/)
        if (required && place === 'query') expect((await getJson(url + path)).body).toMatchObject({ field: name })
      }
  })
})
