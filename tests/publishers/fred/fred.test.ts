import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type Observation, observation, parseTime, type QiError, silentLogger } from '../../../lib/src/base/types/index.ts'
import { FredClient } from '../../../lib/src/publishers/sources/fred/FredClient.ts'
import { FredSource } from '../../../lib/src/publishers/sources/fred/FredSource.ts'
import { testStore } from '../../database/testStore.ts'

const KEY = 'abcdef0123456789abcdef0123456789'
const ROWS = [
  ['1947-01-01', '1992-12-22', '243.1'],
  ['1947-01-01', '1996-01-19', '243.164000000000000000001'],
  ['1947-04-01', '1992-12-22', '.'],
  ['1947-07-01', '1992-12-22', '-0.50'],
  ['1947-10-01', '1992-12-22', 'n/a'],
] as const

/** Answers with an error, as FRED words it; undefined: the documented answer. */
let failing: { readonly status: number; readonly message: string } | undefined
let updated = '2026-01-30 07:49:02-06'
const asked: URL[] = []
beforeEach(() => {
  failing = undefined
  asked.length = 0
})

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost')
  asked.push(url)
  const send = (status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (failing) return void send(failing.status, { error_code: failing.status, error_message: failing.message })
  const id = url.searchParams.get('series_id')
  if (url.pathname === '/fred/series')
    return void send(200, {
      seriess: [{ id, title: 'Gross Domestic Product', units: 'Billions of Dollars', last_updated: updated }],
    })
  const [offset, limit] = ['offset', 'limit'].map((name) => Number(url.searchParams.get(name))) as [number, number]
  const observations = ROWS.slice(offset, offset + limit).map(([date, realtime_start, value]) => ({
    ...{ realtime_start, realtime_end: '9999-12-31', date, value },
  }))
  send(200, { count: ROWS.length, offset, limit, observations })
}
const server = createServer(answer)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
afterAll(() => server.close())

const open = () => new FredClient({ apiKey: KEY, baseUrl, pageSize: 2, attempts: 1 })
const GDP = { id: 'GDP', title: 'Gross Domestic Product', units: 'Billions of Dollars', lastUpdated: '' }

test('pages follow one another to the last row; a missing figure is a record without a value, another text is refused', async () => {
  await using client = open()
  const pages = await Array.fromAsync(client.observations(GDP))
  expect(asked.map(({ searchParams }) => [searchParams.get('offset'), searchParams.get('realtime_start')])).toEqual(
    ['0', '2', '4'].map((offset) => [offset, '1776-07-04']),
  )
  expect(pages.flatMap(({ records }) => records).map((one) => [one.time, one.realtimeStart, one.value])).toEqual(
    ROWS.slice(0, 4).map(([date, vintage, value]) => [
      parseTime(`${date}T00:00:00Z`),
      vintage,
      value === '.' ? undefined : value.replace('-0.50', '-0.5'),
    ]),
  )
  expect(pages.flatMap(({ rejected }) => rejected)).toMatchObject([{ original: expect.stringContaining('n/a') }])
})

test.each([
  [400, 'Bad Request. The series does not exist.', 'NOT_FOUND'],
  [400, `Bad Request. The value for variable api_key is not registered: ${KEY}`, 'UNAUTHORIZED'],
  [400, 'Bad Request. Variable limit is not between 1 and 100000.', 'BAD_REQUEST'],
  [404, 'Not Found', 'NOT_FOUND'],
  [429, 'Too Many Requests. Exceeded Rate Limit', 'RATE_LIMITED'],
  [500, 'Internal Server Error', 'UNAVAILABLE'],
])('HTTP %i, %s: %s, without the key', async (status, message, code) => {
  failing = { status, message }
  await using client = open()
  const error: QiError = await client.series('GDP').then(
    () => expect.unreachable('answered'),
    (thrown) => thrown,
  )
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(message.split(KEY)[0] as string)])
  expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(KEY)
})

test('a series is stored with each vintage and every digit, and is fetched again only after FRED changed it', async () => {
  const store = await testStore()
  await using source = new FredSource({ client: open(), series: ['GDP'], intervalMs: 1, logger: silentLogger })
  const batches = source[Symbol.asyncIterator]()
  const first = (await batches.next()).value
  expect(await store.timescale.upsert(observation, first?.records as unknown as Observation[])).toMatchObject({
    written: 4,
    failed: [],
  })
  const { rows } = await store.pool.query(
    'select time::date::text as date, realtime_start, value::text, origin, units from observations order by time, realtime_start',
  )
  expect(rows).toEqual(
    ROWS.slice(0, 4).map(([date, realtime_start, value]) => ({
      ...{ date, realtime_start, origin: 'backfill', units: 'Billions of Dollars' },
      value: value === '.' ? null : value.replace('-0.50', '-0.5'),
    })),
  )
  const paths = () => asked.filter(({ pathname }) => pathname.endsWith('/observations')).length
  const next = batches.next()
  await expect.poll(() => asked.length).toBeGreaterThan(6)
  expect(paths()).toBe(3)
  updated = '2026-02-26 07:49:02-06'
  expect((await next).value?.records).toHaveLength(4)
  expect(paths()).toBe(6)
})
