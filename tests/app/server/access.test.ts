import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { type Engines, getJson, openEngines, platformOf, recordingLogger, serving } from './served.ts'
import { connect } from './webSocket.ts'

const { url: database } = await testDatabase()
let engines: Engines
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())

const token = 'a-token-of-enough-length'
const bearer = (given: string) => ({ headers: { authorization: `Bearer ${given}` } })

/** A request with any Host and Origin, which fetch() does not allow. */
const statusWith = (url: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })

test.each(['/api/v1/status', '/api/v1/openapi.json', '/api/v1/docs', '/', '/metrics', '/assets/page.css', '/ws'])(
  '%s needs the token',
  async (path) => {
    const { url } = await serving(platformOf(engines), { token })
    const { status, headers, body } = await getJson(url + path)
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="qicore"'])
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body).toMatchObject({ code: 'UNAUTHORIZED', detail: expect.stringContaining('QICORE_TOKEN') })
    expect((await getJson(url + path, bearer('a-token-of-enough-lengtH'))).status).toBe(401)
    if (path !== '/ws') expect((await fetch(url + path, bearer(token))).status).toBe(200)
  },
)

test('a browser sends the token as a password', async () => {
  const { url } = await serving(platformOf(engines), { token })
  const asked = await fetch(url, { headers: { accept: 'text/html' } })
  expect(asked.headers.get('www-authenticate')).toMatch(/^Basic/)
  const basic = `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`
  expect((await fetch(url, { headers: { authorization: basic } })).status).toBe(200)
})

test('health and readiness are open; reasons need the token', async () => {
  const { url } = await serving(platformOf(engines), { token })
  const open = await getJson(`${url}/health`)
  expect(open.status).toBe(200)
  expect(open.body).toMatchObject({ status: 'up', parts: [{ name: 'store' }, { name: 'stream' }] })
  expect(JSON.stringify(open.body)).not.toContain('summary')
  expect(JSON.stringify((await getJson(`${url}/health`, bearer(token))).body)).toContain('summary')
  expect((await getJson(`${url}/ready`)).status).toBe(200)
})

test('a WebSocket sends the token in its header or first message, never in its address', async () => {
  const logger = recordingLogger()
  const { url } = await serving(platformOf(engines), { token, logger })
  const ping = { type: 'ping', id: 1 }

  const withHeader = await connect(url, bearer(token))
  withHeader.send(ping)
  expect(await withHeader.next()).toEqual({ type: 'pong', id: 1 })

  const without = await connect(url)
  without.send(ping)
  expect(await without.next()).toMatchObject({ type: 'error', id: 1, error: { code: 'UNAUTHORIZED', field: 'token' } })
  expect((await without.closed).code).toBe(4401)
  const withMessage = await connect(url)
  withMessage.send({ type: 'auth', token })
  expect(await withMessage.next()).toEqual({ type: 'authorized' })
  withMessage.send(ping)
  expect(await withMessage.next()).toEqual({ type: 'pong', id: 1 })

  await expect(connect(url, bearer('wrong'))).rejects.toThrow('refused with 401')
  const wrong = await connect(url)
  wrong.send({ type: 'auth', token: 'wrong' })
  expect(await wrong.closed).toEqual({ code: 4401, reason: 'the token is wrong' })
  await expect(connect(url, {}, `/ws?token=${token}`)).rejects.toThrow('refused with 400')
  expect(JSON.stringify(logger.lines)).not.toContain(token)
})

test('a WebSocket without a token is closed after the time limit', async () => {
  const { url } = await serving(platformOf(engines), { token, live: { authMs: 50 } })
  expect((await (await connect(url)).closed).code).toBe(4401)
})

test('on loopback a foreign Host header is refused (DNS rebinding)', async () => {
  const { url, port } = await serving(platformOf(engines), { origins: ['https://dash.example.com'] })
  const status = (host: string) => statusWith(`${url}/api/v1/status`, { host })
  expect(await status(`evil.example:${port}`)).toBe(403)
  expect(await status(`127.0.0.1.evil.example:${port}`)).toBe(403)
  for (const own of [`localhost:${port}`, `127.0.0.1:${port}`, '[::1]:1', 'dash.example.com']) expect(await status(own)).toBe(200)
  await expect(connect(url, { headers: { host: 'evil.example' } })).rejects.toThrow('refused with 403')
})

test('pages of other origins are refused unless configured', async () => {
  const { url } = await serving(platformOf(engines), { origins: ['https://dash.example.com'] })
  const status = (origin: string) => statusWith(`${url}/api/v1/status`, { origin })
  expect(await status('https://evil.example')).toBe(403)
  expect(await status('http://127.0.0.1:1')).toBe(403)
  expect(await status('null')).toBe(403)
  expect(await status(url)).toBe(200)
  expect(await status('https://dash.example.com')).toBe(200)
  await expect(connect(url, { origin: 'https://evil.example' })).rejects.toThrow('refused with 403')
  await connect(url, { origin: url })
  await connect(url, { origin: 'https://dash.example.com' })
})

test('a page of a configured origin may read answers', async () => {
  const { url } = await serving(platformOf(engines), { origins: ['https://dash.example.com'], token })
  const headers = {
    origin: 'https://dash.example.com',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,mcp-protocol-version,mcp-session-id',
  }
  for (const path of ['/api/v1/status', '/mcp']) {
    const preflight = await fetch(url + path, { method: 'OPTIONS', headers })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, 'https://dash.example.com'])
    const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(',')
    expect(allowed).toEqual(expect.arrayContaining(headers['access-control-request-headers'].split(',')))
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET,POST,DELETE')
  }
})
