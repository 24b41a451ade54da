import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Decimal } from '../../../lib/src/base/types/index.ts'
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

test('every object of an answer has a name, and every operation a group', () => {
  const inline: string[] = []
  const look = (value: unknown, path: readonly string[]): void => {
    if (value === null || typeof value !== 'object') return
    const named = path.length === 3 && path[0] === 'components'
    if ('properties' in value && !named) inline.push(path.join('/'))
    for (const [key, inner] of Object.entries(value)) if (key !== 'properties' || !named) look(inner, [...path, key])
    if ('properties' in value && named)
      for (const [key, inner] of Object.entries(value.properties as object)) look(inner, [...path, key])
  }
  look(document, [])
  expect(inline).toEqual([])
  const { tags } = document as unknown as { tags: { name: string }[] }
  const groups = tags.map(({ name }) => name)
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods)))
    expect(groups).toContain((operation as unknown as { tags: string[] }).tags[0])
})

/** Addresses without parameters. */
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

  test('every parameter is described, and a required one is enforced', async () => {
    const { url } = await serving(platformOf(engines))
    for (const [path, operations] of Object.entries(document.paths))
      for (const { name, in: place, required, description } of Object.values(operations).flatMap((one) => one.parameters ?? [])) {
        expect(description).toMatch(/\w/)
        if (required && place === 'query') expect((await getJson(url + path)).body).toMatchObject({ field: name })
      }
  })
})

test('latest prices and instruments also come as lines, with a Link to the next page', async () => {
  const { url } = await serving(platformOf(engines))
  const { body } = await getJson(`${url}/api/v1/prices/latest`)
  const { items } = body as { items: Record<string, string>[] }
  expect(items.length).toBeGreaterThan(1)
  const lines = await (await fetch(`${url}/api/v1/prices/latest.ndjson`)).text()
  expect(
    lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(items)
  const csv = await fetch(`${url}/api/v1/prices/latest?limit=1`, { headers: { accept: 'text/csv' } })
  const [head = '', row = ''] = (await csv.text()).split('\r\n')
  expect(head).toMatch(/^coin_id,.*,price,.*,built_from$/)
  const cells = Object.fromEntries(head.split(',').map((name, at) => [name, row.split(',')[at]]))
  expect(cells).toMatchObject(items[0] as object)
  expect(csv.headers.get('link')).toMatch(/^<\/api\/v1\/prices\/latest\?limit=1&after=.*>; rel="next"$/)
  const instruments = await (await fetch(`${url}/api/v1/instruments?format=csv`)).text()
  expect(instruments).toMatch(/^coin_id,source,/)
})
