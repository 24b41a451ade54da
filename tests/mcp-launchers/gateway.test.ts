import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { apiPath } from '../../lib/src/mcp-launchers/coingecko/apiPath.ts'
import { openGateway } from '../../lib/src/mcp-launchers/coingecko/gateway.ts'

const KEY = 'CG-SECRETKEY1234567890abcd'

async function setUp(answer: RequestListener) {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`
  const gateway = await openGateway({ baseUrl, headers: { 'x-cg-pro-api-key': KEY } })
  onTestFinished(() => gateway.close())
  return { gateway, asked }
}

/** With the target as it is written: `fetch` would normalise it. */
async function get(url: string, path: string, method = 'GET'): Promise<{ status: number | undefined; body: string }> {
  const { hostname, port } = new URL(url)
  const sent = httpRequest({ hostname, port, path, method }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode, body: await text(response) }
}

test('answers the process that was given its address, and no other on this machine', async () => {
  const { gateway, asked } = await setUp((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":1}'),
  )
  const { pathname } = new URL(gateway.url)
  expect(pathname).toMatch(/^\/[\w-]{32}\/api\/v3$/)
  expect(await get(gateway.url, `${pathname}/coins/list?include_platform=true`)).toEqual({ status: 200, body: '{"ok":1}' })
  expect(asked[0]).toMatchObject({ url: '/api/v3/coins/list?include_platform=true', headers: { 'x-cg-pro-api-key': KEY } })
  const guessed = `/${'A'.repeat(32)}/api/v3/ping`
  for (const path of ['/api/v3/ping', '/', '//api/v3/ping', guessed, `${pathname.slice(0, -1)}/ping`, '*'])
    expect((await get(gateway.url, path)).status, path).toBe(404)
  expect((await get(gateway.url, `${pathname}/ping`, 'POST')).status).toBe(405)
  expect(asked).toHaveLength(1)
})

test.each([
  ['/../../admin', undefined],
  ['/coins/../../../admin', undefined],
  ['/%2e%2e/%2E%2E/admin', undefined],
  ['/..%2f..%2fadmin', undefined],
  ['/%252e%252e%252fadmin', undefined],
  ['/%25252e%25252e/admin', undefined],
  ['/coins\\..\\..\\admin', undefined],
  ['/coins/%5c..%5cadmin', undefined],
  ['/coins/a%0d%0aHost:%20evil', undefined],
  ['/coins/%00', undefined],
  ['/coins/%zz', undefined],
  ['x/coins', undefined],
  ['', undefined],
  ['/coins/../coins/list?a=../b', '/coins/list?a=../b'],
  ['/coins/bitcoin.e/./history', '/coins/bitcoin.e/history'],
  ['/coins/a%20b', '/coins/a%20b'],
])('the path %s is passed on as %s', (path, passed) => {
  expect(apiPath(`/secret/api/v3${path}`, '/secret/api/v3')).toBe(passed)
})

test('an answer without end, a redirect and a host in the target go nowhere; the key is not shown', async () => {
  let closed = false
  const { gateway } = await setUp((request, response) => {
    if (request.url?.endsWith('/moved')) return void response.writeHead(302, { location: `http://127.0.0.1:1/?${KEY}` }).end()
    response.writeHead(200, { 'content-type': 'application/json' })
    response.on('close', () => {
      closed = true
    })
    const go = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1 << 20, 32)));
    }
    response.on('drain', go)
    go()
  })
  const { pathname } = new URL(gateway.url)
  const endless = await get(gateway.url, `${pathname}/coins/list`)
  expect(endless).toMatchObject({ status: 502, body: expect.stringContaining('has more than 33554432 bytes') })
  await expect.poll(() => closed).toBe(true)
  const moved = await get(gateway.url, `${pathname}/moved`)
  expect(moved).toMatchObject({ status: 502, body: expect.stringContaining('redirects to http://127.0.0.1:1/ (302)') })
  expect(moved.body).not.toContain(KEY)
  expect((await get(gateway.url, 'http://evil.example/api/v3/ping')).status).toBe(404)
})
