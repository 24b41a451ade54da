import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { addressGroup } from '../../../app/server/connections.ts'
import type { RunningServer } from '../../../app/server/index.ts'
import { dial, upgradeRequest } from './rawWebSocket.ts'
import { type Engines, platformOf, serving } from './served.ts'

const platform = platformOf({ store: {}, stream: {} } as unknown as Engines)
const token = 'a-token-of-enough-length'

async function figure({ url }: Pick<RunningServer, 'url'>, name: string): Promise<number> {
  const metrics = await (
    await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}`, connection: 'close' } })
  ).text()
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(metrics)?.[1])
}

/** The head of a request whose body follows. */
const post = (length: number): string =>
  `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\ncontent-length: ${length}\r\n\r\n`

/** Requests of clients that never close; the server must free their sockets. */
test.each([
  ['an upgrade for a foreign page', 403, upgradeRequest({ origin: 'https://evil.example' })],
  ['an upgrade with a wrong token', 401, upgradeRequest({ authorization: 'Bearer wrong' })],
  ['an upgrade elsewhere', 404, upgradeRequest().replace('/ws', '/elsewhere')],
  ['an upgrade by another version of WebSocket', 400, upgradeRequest({ 'sec-websocket-version': '7' })],
  ['an upgrade with parameters', 400, upgradeRequest().replace('/ws', '/ws?token=1')],
  ['headers that trickle in', 408, 'GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: a'],
  ['a body that trickles in', 408, `${post(1_000)}{`],
  ['headers that are too long', 431, `GET /health HTTP/1.1\r\nx: ${'a'.repeat(20_000)}`],
  ['what is no HTTP', 400, 'NOT HTTP AT ALL\r\n\r\n'],
])('%s is refused with %i, and its socket is freed', async (_, status, sent) => {
  const server = await serving(platform, { token, connections: { headersMs: 200, requestMs: 400 } })
  const sockets = Array.from({ length: 20 }, () => dial(server.port, sent))
  const answers = await Promise.all(sockets.map((socket) => once(socket, 'data').then(([data]) => String(data))))
  for (const answer of answers) expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  await expect.poll(() => figure(server, 'qicore_http_connections'), { timeout: 4_000, interval: 200 }).toBe(1)
})

test('a too large body is refused with 413, and its socket is freed', async () => {
  const server = await serving(platform, { token })
  const sockets = Array.from({ length: 3 }, () => dial(server.port, post(9_000_000) + '0'.repeat(5_000_000)))
  for (const socket of sockets) expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 413 /)
  await expect.poll(() => figure(server, 'qicore_http_connections')).toBe(1)
})

test('a silent connection is closed', async () => {
  const server = await serving(platform, { token, connections: { headersMs: 200 } })
  const socket = dial(server.port)
  expect(await text(socket)).toMatch(/^HTTP\/1.1 408 /)
  await expect.poll(() => figure(server, 'qicore_http_connections')).toBe(1)
})

test('a stop does not wait for refused clients', async () => {
  const server = await serving(platform, { drainMs: 5_000 })
  const socket = dial(server.port, upgradeRequest({ origin: 'https://evil.example' }))
  await once(socket, 'data')
  const began = performance.now()
  await server.close()
  expect(performance.now() - began).toBeLessThan(3_000)
})

test('connections are limited, and closed ones make room', async () => {
  const server = await serving(platform, { token, connections: { connections: 5 } })
  const sockets = Array.from({ length: 5 }, () => dial(server.port))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  await expect(fetch(`${server.url}/health`)).rejects.toThrow()
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => figure(server, 'qicore_http_connections_refused_total').catch(() => 0)).toBeGreaterThan(0)
})

/** An address of this machine that is not loopback. */
const own = Object.values(networkInterfaces())
  .flat()
  .find((found) => found?.family === 'IPv4' && !found.internal)?.address

test.skipIf(!own)('connections of one address are limited with an error, and others are served', async () => {
  const server = await serving(platform, { token, host: '0.0.0.0', connections: { connectionsPerAddress: 3 } })
  const sockets = Array.from({ length: 3 }, () => dial(server.port, '', own))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const beyond = await fetch(`http://${own}:${server.port}/ready`)
  expect([beyond.status, beyond.headers.get('connection'), beyond.headers.get('retry-after')]).toEqual([429, 'close', '1'])
  expect(await beyond.json()).toMatchObject({
    code: 'RATE_LIMITED',
    detail: expect.stringContaining('server.max_connections_per_address'),
  })
  const upgraded = dial(server.port, upgradeRequest(), own)
  expect(await text(upgraded)).toMatch(/^HTTP\/1.1 429 /)
  expect(await figure(server, 'qicore_http_connections_refused_total')).toBe(2)
})

test.each([
  ['127.0.0.1', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::5', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s counts as %s', (address, group) => {
  expect(addressGroup(address)).toBe(group)
})
