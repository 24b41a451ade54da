import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Engines, openEngines, platformOf, serving } from '../app/server/served.ts'
import { testDatabase } from '../support/database.ts'

let engines: Engines
beforeAll(async () => {
  engines = await openEngines((await testDatabase()).url)
})
afterAll(() => engines[Symbol.asyncDispose]())

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
})

/** fetch() sets Host and Origin itself. */
const post = (url: string, headers: Record<string, string> = {}, method = 'POST') =>
  new Promise<{ status: number | undefined; session: string | undefined; text: string }>((resolve, reject) => {
    const asked = request(
      url,
      { method, headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...headers } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode, session: response.headers['mcp-session-id'] as string | undefined, text }),
        )
      },
    )
    asked.on('error', reject)
    asked.end(method === 'POST' ? initialize : undefined)
  })

test('foreign hosts and foreign pages are refused', async () => {
  const { url } = await serving(platformOf(engines))
  expect(await post(`${url}/mcp`)).toMatchObject({ status: 200 })
  expect(await post(`${url}/mcp`, { host: 'evil.example' })).toMatchObject({ status: 403 })
  expect(await post(`${url}/mcp`, { origin: 'https://evil.example' })).toMatchObject({ status: 403 })
})

test('with a token only its bearer is served', async () => {
  const token = 'a-token-of-enough-length'
  const { url } = await serving(platformOf(engines), { token })
  expect(await post(`${url}/mcp`)).toMatchObject({ status: 401, text: expect.stringContaining('QICORE_TOKEN') })
  expect(await post(`${url}/mcp`, { authorization: 'Bearer b-token-of-enough-length' })).toMatchObject({ status: 401 })
  expect(await post(`${url}/mcp`, { authorization: `Bearer ${token}` })).toMatchObject({ status: 200 })
})

test('a session ends by DELETE, and is unknown from then on', async () => {
  const { url } = await serving(platformOf(engines))
  const { session = '' } = await post(`${url}/mcp`)
  expect(session).not.toBe('')
  const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }
  expect(await post(`${url}/mcp`, headers, 'DELETE')).toMatchObject({ status: 200 })
  expect(await post(`${url}/mcp`, headers)).toMatchObject({ status: 404, text: expect.stringContaining('initialize a new one') })
})

test('answers carry the headers that all answers carry', async () => {
  const { url } = await serving(platformOf(engines))
  const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  const answers = [
    await fetch(`${url}/mcp`, { method: 'POST', headers, body: initialize }),
    await fetch(`${url}/mcp`, { method: 'POST', headers, body: '{' }),
    await fetch(`${url}/mcp`, { headers: { 'mcp-session-id': 'unknown' } }),
  ]
  for (const { headers: given } of answers)
    expect([
      given.get('x-content-type-options'),
      given.get('content-security-policy'),
      given.get('cross-origin-resource-policy'),
    ]).toEqual(['nosniff', "default-src 'none'; frame-ancestors 'none'", 'same-origin'])
})
