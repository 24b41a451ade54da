import { once } from 'node:events'
import { get as httpGet } from 'node:http'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Decimal, formatTime, type Price, price } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { type Engines, getJson, openEngines, platformOf, priceOf, serving } from './served.ts'

const { url } = await testDatabase()
let engines: Engines
const MINUTE = 60_000_000
const START = 1_767_571_200_000_000
const EXACT = '1234567890123456789012345678901234567890.0123456789012345678901234567890123456789'

const prices: readonly Price[] = ['bitcoin', 'ethereum'].flatMap((coinId) =>
  Array.from({ length: 50 }, (_, i) =>
    priceOf(coinId, { time: START + i * MINUTE, price: (i === 7 ? EXACT : `${i}.5`) as Decimal, receivedAt: START + i * MINUTE }),
  ),
)

beforeAll(async () => {
  engines = await openEngines(url)
  await engines.store.dsl.storePrices(prices)
})
afterAll(() => engines[Symbol.asyncDispose]())

const served = async (more = {}) => (await serving(platformOf(engines), more)).url
const wires = (some: readonly Price[]) => some.map((one) => JSON.parse(price.encode(one)) as unknown)
const ofCoin = (coin: string) => prices.filter(({ coinId }) => coinId === coin)
const closed = `from=${formatTime(START)}&to=${formatTime(START + 60 * MINUTE)}`

test('the same records as JSON, NDJSON, CSV and Parquet, by suffix, parameter and Accept', async () => {
  const at = await served()
  const expected = ofCoin('bitcoin')
  const json = await getJson(`${at}/api/v1/prices?coin=bitcoin&limit=all`)
  expect(json.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(json.body).toEqual({ items: wires(expected) })
  for (const [path, accept] of [
    ['/api/v1/prices.ndjson?coin=bitcoin', '*/*'],
    ['/api/v1/prices?coin=bitcoin&format=ndjson', 'application/json'],
    ['/api/v1/prices?coin=bitcoin', 'text/html;q=0.1, application/x-ndjson;q=0.9'],
  ] as const) {
    const answer = await fetch(`${at}${path}`, { headers: { accept } })
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(await answer.text()).toBe(expected.map((one) => `${price.encode(one)}\n`).join(''))
  }
  const csv = await fetch(`${at}/api/v1/prices.csv?coin=bitcoin`)
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="prices.csv"')
  const [head, ...rows] = (await csv.text()).split('\r\n')
  expect(head).toBe('coin_id,source,time,received_at,origin,currency,price,market_cap,volume_24h,change_24h_pct')
  expect(rows).toHaveLength(51)
  expect(rows[7]).toBe(`bitcoin,coingecko,2026-01-05T00:07:00Z,2026-01-05T00:07:00Z,live,usd,${EXACT},,,`)
  const parquet = await (await fetch(`${at}/api/v1/prices.parquet?coin=bitcoin`)).arrayBuffer()
  expect(Buffer.from(parquet.slice(0, 4)).toString()).toBe('PAR1')
})

test('pages link to the next one by Link and `next`, for any limit', async () => {
  const at = await served()
  for (const limit of [7, 50, 100, 1000]) {
    const items: unknown[] = []
    for (let path: string | undefined = `/api/v1/prices?limit=${limit}&from=2026-01-01`; path !== undefined; ) {
      const { body, headers } = await getJson(`${at}${path}`)
      const page = body as { items: unknown[]; next?: string }
      expect(page.items.length).toBeLessThanOrEqual(limit)
      items.push(...page.items)
      path = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
      expect(path?.includes(encodeURIComponent(page.next ?? '?'))).toBe(page.next === undefined ? undefined : true)
    }
    expect(items).toEqual(wires(prices))
  }
})

test('a past range has an ETag, which a late record changes', async () => {
  const at = await served()
  const address = `${at}/api/v1/prices.csv?coin=ethereum&${closed}`
  const first = await fetch(address)
  const etag = first.headers.get('etag') as string
  expect(first.headers.get('cache-control')).toBe('private, no-cache')
  await first.text()
  const again = await fetch(address, { headers: { 'if-none-match': etag } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  expect((await fetch(`${at}/api/v1/prices.csv?coin=ethereum&from=-1h`)).headers.get('etag')).toBeNull()
  const late = priceOf('ethereum', { time: START + MINUTE / 2, receivedAt: START + 90 * MINUTE })
  await engines.store.dsl.storePrices([late])
  const changed = await fetch(address, { headers: { 'if-none-match': etag } })
  expect(changed.status).toBe(200)
  expect(await changed.text()).toContain(formatTime(late.time))
  await engines.store.pool.query('delete from crypto_prices where time = $1', [formatTime(late.time)])
  expect((await fetch(address)).headers.get('etag')).not.toBe(changed.headers.get('etag'))
})

test('answers are compressed as the client asks', async () => {
  const at = await served()
  const plain = await (await fetch(`${at}/api/v1/prices.csv`)).text()
  const raw = (path: string, encoding: string) =>
    new Promise<{ headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
      httpGet(`${at}${path}`, { headers: { 'accept-encoding': encoding } }, async (response) => {
        resolve({ headers: response.headers, body: Buffer.concat(await response.toArray()) })
      }).on('error', reject)
    })
  const unpack = { zstd: zstdDecompressSync, br: brotliDecompressSync, gzip: gunzipSync }
  for (const [accepted, expected] of [
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, br', 'br'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
  ] as const) {
    for (const path of ['/api/v1/prices.csv', '/api/v1/prices.csv?limit=1000']) {
      const { headers, body } = await raw(path, accepted)
      expect(headers['content-encoding']).toBe(expected)
      expect(headers.vary).toContain('accept-encoding')
      expect(unpack[expected](body).toString()).toBe(plain)
    }
  }
  expect((await raw('/api/v1/prices.csv', 'deflate, identity')).headers['content-encoding']).toBeUndefined()
  expect((await raw('/api/v1/prices.parquet', 'gzip')).headers['content-encoding']).toBeUndefined()
})

test('refusals have field and remedy', async () => {
  const at = await served()
  const refusal = async (path: string, accept = '*/*') => {
    const answer = await fetch(`${at}${path}`, { headers: { accept } })
    const { code, field, detail } = (await answer.json()) as Record<string, string>
    return [answer.status, code, field, detail]
  }
  expect(await refusal('/api/v1/prices.csv?coin=bitcion')).toEqual([
    404,
    'NOT_FOUND',
    'coin',
    'no price of "bitcion" is stored; did you mean bitcoin?',
  ])
  expect(await refusal('/api/v1/prices.csv?format=json')).toEqual([400, 'BAD_REQUEST', 'format', expect.any(String)])
  expect((await getJson(`${at}/api/v1/prices`, { headers: { accept: 'application/xml' } })).status).toBe(200)
  expect(await refusal('/api/v1/candles.csv?coin=bitcoin&fill=true')).toEqual([409, 'CONFLICT', 'fill', expect.any(String)])
  expect(await refusal('/api/v1/prices?limit=0')).toEqual([400, 'BAD_REQUEST', 'limit', 'limit "0": must be at least 1'])
  expect(await refusal('/api/v1/prices.xml')).toEqual([404, 'NOT_FOUND', 'path', expect.any(String)])
})

test('exports of a client are limited, and a cancelled one frees its slot', async () => {
  const at = await served({ exports: { exportsPerClient: 2 } })
  await engines.store.dsl.storePrices(
    Array.from({ length: 60_000 }, (_, i) => priceOf('many', { time: START + i * 1000, price: EXACT as Decimal })),
  )
  const open = async () => {
    const request = httpGet(`${at}/api/v1/prices.ndjson?coin=many`)
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
    response.on('error', () => {})
    return { request, response }
  }
  const held = [await open(), await open()]
  expect(held.map(({ response }) => response.statusCode)).toEqual([200, 200])
  const third = await fetch(`${at}/api/v1/prices.ndjson?coin=many`)
  expect([third.status, ((await third.json()) as { code: string }).code, third.headers.get('retry-after')]).toEqual([
    429,
    'RATE_LIMITED',
    '2',
  ])
  held[0]?.request.destroy()
  await until(async () => {
    const again = await fetch(`${at}/api/v1/prices.ndjson?coin=bitcoin`)
    return again.status === 200 && (await again.text()).length > 0
  }, 'a free slot')
  held[1]?.request.destroy()
  await engines.store.pool.query("delete from crypto_prices_rows where series = (select id from series where coin_id = 'many')")
})

test('HEAD answers with the headers and takes no slot', async () => {
  const at = await served({ exports: { exportsPerClient: 1 } })
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(`${at}/api/v1/prices.csv?${closed}`, { method: 'HEAD' })
    expect([answer.status, answer.headers.get('etag') === null, await answer.text()]).toEqual([200, false, ''])
  }
})

test('all candles come in one answer in every format, such as a year of minutes', async () => {
  const at = await served()
  const { dsl, pool } = engines.store
  const minute = (i: number) => ({
    ...priceOf('yearly'),
    time: START + i * MINUTE,
    receivedAt: START + (i + 1) * MINUTE,
    timeframe: '1m' as const,
    ...({ open: '1.5', high: '2', low: '1', close: '1.25' } as Record<'open' | 'high' | 'low' | 'close', Decimal>),
    isFinal: true,
    builtFrom: 'provider' as const,
  })
  for (let i = 0; i < 12_000; i += 4_000) await dsl.storeOHLCV(Array.from({ length: 4_000 }, (_, k) => minute(i + k)))
  const range = `coin=yearly&timeframe=1m&from=${formatTime(START)}&to=${formatTime(START + 12_000 * MINUTE)}`
  const all = await getJson(`${at}/api/v1/candles?${range}&limit=all`)
  const { candles, series } = all.body as { candles: { time: string }[]; series: { coin_id: string } }
  expect(series.coin_id).toBe('yearly')
  expect(candles.map(({ time }) => time)).toEqual(Array.from({ length: 12_000 }, (_, i) => formatTime(START + i * MINUTE)))
  const lines = (await (await fetch(`${at}/api/v1/candles.ndjson?${range}`)).text()).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(candles)
  const csv = (await (await fetch(`${at}/api/v1/candles.csv?${range}`)).text()).trimEnd().split('\r\n')
  expect(csv[0]).toBe(
    'coin_id,source,time,received_at,origin,currency,timeframe,open,high,low,close,volume,trade_count,is_final,built_from,from_timeframe,covered,partial,flaw',
  )
  expect(csv).toHaveLength(12_001)
  const pages: { time: string }[] = []
  for (let path: string | undefined = `/api/v1/candles?${range}&limit=5000`; path !== undefined; ) {
    const { body, headers } = await getJson(`${at}${path}`)
    pages.unshift(...(body as { candles: { time: string }[] }).candles)
    path = /^<([^>]+)>; rel="prev"$/.exec(headers.get('link') ?? '')?.[1]
  }
  expect(pages).toEqual(candles)
  const etag = (await fetch(`${at}/api/v1/candles.csv?${range}`, { method: 'HEAD' })).headers.get('etag') as string
  expect((await fetch(`${at}/api/v1/candles.csv?${range}`, { headers: { 'if-none-match': etag } })).status).toBe(304)
  await dsl.storeOHLCV([{ ...minute(5), close: '1.75' as Decimal, receivedAt: START + 99 * MINUTE }])
  expect((await fetch(`${at}/api/v1/candles.csv?${range}`, { headers: { 'if-none-match': etag } })).status).toBe(200)
  await pool.query("delete from ohlcv_data_rows where series = any (select id from series where coin_id = 'yearly')")
})
