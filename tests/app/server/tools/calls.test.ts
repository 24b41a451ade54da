import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../support/database.ts'
import { answerOf } from '../documented.ts'
import { type Engines, openEngines, recordingLogger, serving } from '../served.ts'
import { ask, post } from './posting.ts'
import { did, trialTools, withTools } from './trialTools.ts'

const { url: database } = await testDatabase()
let engines: Engines
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())

const server = (more = {}) => serving(withTools(engines), { tools: trialTools, ...more })

test('a call answers with the structured result, and the list describes it', async () => {
  const { url } = await server()
  const { status, body } = await post(url, 'look', { thing: 'a' })
  expect([status, body]).toEqual([200, { thing: 'a' }])
  const list = await ask(url, '/api/v1/tools')
  answerOf('/api/v1/tools', 200)(list.body)
  expect(list.body.items.find(({ name }: { name: string }) => name === 'burn')).toMatchObject({
    effect: 'destroy',
    reads: ['list'],
    destroys: ['burn'],
    long: false,
    least_role: 'viewer',
    role: 'admin',
    input: { type: 'object', properties: { thing: { type: 'string' }, confirm: { type: 'string' } } },
  })
})

test('all tools can be listed and called', async () => {
  const { url } = await serving(withTools(engines))
  const { items } = (await ask(url, '/api/v1/tools')).body
  expect(items.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['manage_topics', 'get_latest_prices']))
  expect(await post(url, 'manage_topics', {})).toMatchObject({ status: 200, body: { topics: expect.any(Array) } })
})

test.each([
  ['an unknown tool', 'lok', {}, 404, 'tool', /did you mean look\?/],
  ['an unknown argument', 'look', { thing: 'a', thin: 'b' }, 400, 'thin', /unknown argument.*did you mean thing\?/],
  ['an argument that is missing', 'look', {}, 400, 'thing', /thing: is missing; give it text/],
  ['an argument of another type', 'look', { thing: 5 }, 400, 'thing', /thing 5: /],
  [
    'what the tool itself refuses',
    'note',
    { action: 'add', thing: 'impossible' },
    409,
    'thing',
    /"impossible" cannot be noted: choose another/,
  ],
  ['an array', 'look', [1], 400, 'body', /no JSON object: send the arguments by name/],
  ['deep nesting', 'look', { thing: JSON.parse('['.repeat(2_000) + ']'.repeat(2_000)) }, 400, 'body', /deeper than 32 levels/],
] as const)('%s is refused, naming field, value and remedy', async (_what, tool, given, status, field, detail) => {
  const { url } = await server()
  const answer = await post(url, tool, given)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
  expect(answer.body).toMatchObject({ field, detail: expect.stringMatching(detail), status })
  answerOf('/api/v1/tools/{name}', status, 'post')(answer.body)
})

const raw = async (url: string, body: string | Uint8Array<ArrayBuffer>, type: string | undefined = 'application/json') => {
  const response = await fetch(`${url}/api/v1/tools/note`, {
    method: 'POST',
    body,
    headers: type ? { 'content-type': type } : {},
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('a number that a double would round is refused; as text it is accepted', async () => {
  const { url } = await server()
  for (const count of ['0.12345678901234567890', '123456789012345678901', '1e999'])
    expect(await raw(url, `{"count": ${count}}`)).toMatchObject({
      status: 400,
      body: { field: 'count', detail: expect.stringContaining('as text') },
    })
  for (const count of ['0.1', '1e3', '12345678901234.5', '0.10000000000000000000', '-1.0759754383422827e-187'])
    expect(await raw(url, `{"count": ${count}}`)).toMatchObject({ status: 200 })
})

test('a body that is no JSON, no UTF-8 or too long is refused; an empty body has no arguments', async () => {
  const { url } = await server()
  expect(await raw(url, '{"count": ')).toMatchObject({ status: 400, body: { field: 'body' } })
  expect(await raw(url, new Uint8Array([0x7b, 0xff, 0x7d]))).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('UTF-8') },
  })
  expect(await raw(url, `{"thing": "${'x'.repeat(5_000_000)}"}`)).toMatchObject({ status: 413, body: { field: 'body' } })
  expect(await raw(url, '')).toMatchObject({ status: 200 })
})

test('a defect is logged under an id, and answered without internal details', async () => {
  const logger = recordingLogger()
  const broken = {
    ...(trialTools[0] as (typeof trialTools)[number]),
    run: async () => {
      throw new TypeError('secret at /home/me/x.ts')
    },
  }
  const { url } = await server({ tools: [broken], logger })
  const { status, body } = await post(url, 'look', { thing: 'a' })
  expect([status, body.code]).toEqual([500, 'INTERNAL'])
  expect(JSON.stringify(body)).not.toContain('secret at')
  expect(logger.lines).toContainEqual({
    fields: expect.objectContaining({ id: body.id }),
    message: expect.stringContaining('secret at'),
  })
})

test('a page of another site cannot write: forms, plain text, foreign origins and hosts are refused', async () => {
  const { url, port } = await server({ origins: ['https://dash.example.com'] })
  const before = did.length
  const given = { action: 'add', thing: 'forged' }
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    'application/jsonp',
  ])
    expect(await raw(url, JSON.stringify(given), type)).toMatchObject({ status: 415, body: { field: 'content-type' } })
  const from = async (headers: Record<string, string>) => (await post(url, 'note', given, { headers })).status
  expect(await from({ origin: 'https://evil.example' })).toBe(403)
  expect(await from({ origin: 'null' })).toBe(403)
  expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403)
  expect(await from({ 'sec-fetch-site': 'same-site' })).toBe(403)
  expect(await from({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })).toBe(403)
  expect(did.length).toBe(before)
  expect(await from({ 'sec-fetch-site': 'same-origin', origin: `http://127.0.0.1:${port}` })).toBe(200)
  expect(await from({ 'sec-fetch-site': 'cross-site', origin: 'https://dash.example.com' })).toBe(200)
  expect(await from({ 'sec-fetch-site': 'none' })).toBe(200)
})

test('a preflight of a configured origin passes without credentials; others are refused', async () => {
  const { url } = await server({ origins: ['https://dash.example.com'] })
  const preflight = async (origin: string) =>
    fetch(`${url}/api/v1/tools/note`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,idempotency-key,prefer',
      },
    })
  const mine = await preflight('https://dash.example.com')
  expect([mine.status, mine.headers.get('access-control-allow-origin')]).toEqual([204, 'https://dash.example.com'])
  expect(mine.headers.get('access-control-allow-headers')).toMatch(/idempotency-key.*prefer/)
  expect(mine.headers.get('access-control-allow-credentials')).toBeNull()
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
})

test('a wrong method is answered with the allowed ones', async () => {
  const { url } = await server()
  const refused = await ask(url, '/api/v1/tools/note')
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST'])
  const put = await ask(url, '/api/v1/jobs/0b0f2f0e-0000-4000-8000-000000000000', { method: 'PUT' })
  expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, DELETE, HEAD'])
})
