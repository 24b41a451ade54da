import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boundedStream } from '../../../app/server/mcp.ts'
import type { Stream } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { dial, dialWebSocket, flood, frame, PING, PONG, TEXT } from './rawWebSocket.ts'
import { type Engines, openEngines, platformOf, serving } from './served.ts'
import { connect, subscribed } from './webSocket.ts'

const { url: database } = await testDatabase()
let engines: Engines
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())

/** Limits so high that only unread output pauses a client. */
const quick = { messagesPerSecond: 1e6, burst: 1e6, bufferBytes: 256 * 1024 }
const token = 'a-token-of-enough-length'
const ping = JSON.stringify({ type: 'ping', id: 'x'.repeat(99) })
const many = (message: Buffer): Buffer => Buffer.concat(Array<Buffer>(Math.ceil(65_536 / message.length)).fill(message))
/** More bytes than the socket buffers of both sides hold, with their answers. */
const KERNEL = 24_000_000

describe('a WebSocket client that does not read', () => {
  test.each([
    ['messages', frame(TEXT, ping)],
    ['wrong messages', frame(TEXT, '{')],
    ['pings', frame(PING, 'x'.repeat(120))],
  ])('is paused, however many %s it sends; others are served', async (_, message) => {
    const { url, port } = await serving(platformOf(engines), { live: quick })
    const silent = await dialWebSocket(port)
    expect(await flood(silent, many(message))).toBeLessThan(KERNEL)
    const other = await connect(url)
    other.send({ type: 'ping', id: 1 })
    expect(await other.next()).toEqual({ type: 'pong', id: 1 })
  })

  test('is cut even if it sends pongs all the time', async () => {
    const { port } = await serving(platformOf(engines), { live: { pingMs: 100 } })
    const silent = await dialWebSocket(port)
    const ponging = setInterval(() => silent.write(frame(PONG, '')), 20)
    const closed = new Promise((resolve) => silent.once('close', resolve))
    await closed
    clearInterval(ponging)
  })

  test('continues at its place once it reads', async () => {
    const { port } = await serving(platformOf(engines), { live: quick })
    const slow = await dialWebSocket(port)
    const taken = await flood(slow, many(frame(TEXT, ping)))
    let read = 0
    slow.on('data', (chunk) => {
      read += chunk.length
    })
    slow.resume()
    await expect.poll(() => read).toBeGreaterThan(taken / 2)
    expect(slow.destroyed).toBe(false)
  })
})

test('a client that sends too fast is answered at the allowed rate', async () => {
  const { url } = await serving(platformOf(engines), { live: { messagesPerSecond: 100, burst: 10 } })
  const live = await connect(url)
  const began = performance.now()
  for (let id = 0; id < 60; id++) live.send({ type: 'ping', id })
  for (let id = 0; id < 60; id++) expect(await live.next()).toEqual({ type: 'pong', id })
  expect(performance.now() - began).toBeGreaterThan(450)
})

test('messages after a waiting subscribe are bounded', async () => {
  const hanging = Object.create(engines.stream) as Stream
  hanging.describeTopics = () => new Promise(() => {})
  const { port } = await serving(platformOf({ ...engines, stream: hanging }), { live: quick, drainMs: 100 })
  const waiting = await dialWebSocket(port)
  waiting.write(frame(TEXT, '{"type":"subscribe","channel":"prices"}'))
  expect(await flood(waiting, many(frame(TEXT, ping)))).toBeLessThan(KERNEL)
  const hasty = await dialWebSocket(port)
  hasty.write(frame(TEXT, '{"type":"subscribe","channel":"prices"}'))
  const ended = new Promise((resolve) => hasty.once('end', resolve))
  // A chunk that is read at once may hold thousands of empty messages.
  hasty.write(many(frame(TEXT, '')))
  hasty.resume()
  await ended
})

describe('without a token', () => {
  test('WebSocket clients cannot take the seats of those with one', async () => {
    const { url } = await serving(platformOf(engines), { token, live: { clients: 2, unauthorized: 3, authMs: 60_000 } })
    const idle = [await connect(url), await connect(url), await connect(url)]
    await expect(connect(url)).rejects.toThrow('refused with 429')
    const headers = { authorization: `Bearer ${token}` }
    await subscribed(url, {}, { headers })
    idle[0]?.send({ type: 'auth', token })
    await idle[0]?.next('authorized')
    await expect(connect(url, { headers })).rejects.toThrow('refused with 429')
    idle[1]?.send({ type: 'auth', token })
    expect(await idle[1]?.closed).toMatchObject({ code: 1013 })
    await connect(url)
  })

  test('a client that does not answer a close is cut within two seconds', async () => {
    const { port } = await serving(platformOf(engines), { token, live: { authMs: 50 } })
    const silent = await dialWebSocket(port)
    const began = performance.now()
    const ended = new Promise((resolve) => silent.once('end', resolve))
    silent.resume()
    await ended
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  test('a flood of wrong messages is closed at the first one', async () => {
    const { port } = await serving(platformOf(engines), { token, live: { ...quick, authMs: 60_000 } })
    const silent = await dialWebSocket(port)
    await flood(silent, many(frame(TEXT, ping)))
    await expect.poll(() => silent.destroyed, { timeout: 3_000 }).toBe(true)
  })
})

describe('a client that does not read its answers', () => {
  const asked = 'GET /api/v1/openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'.repeat(100)
  const stalled = async (url: string): Promise<number> =>
    Number(/^qicore_http_connections_stalled_total (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1])

  test.each([
    ['when all of them together hold too much', { outputBytes: 500_000 }, 6],
    ['when it takes nothing for too long', { stalledMs: 200 }, 8],
  ])('is cut %s; others are served', async (_, connections, cut) => {
    const { url, port } = await serving(platformOf(engines), { connections })
    const sockets = Array.from({ length: 8 }, () => dial(port, asked).pause())
    await expect.poll(() => stalled(url), { interval: 300 }).toBeGreaterThanOrEqual(cut)
    for (const socket of sockets) socket.destroy()
    expect((await fetch(`${url}/ready`)).status).toBe(200)
  })
})

test('an unread event stream ends with an error', async () => {
  let made = 0
  const ended = Promise.withResolvers<unknown>()
  const source = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (; made < 1_000; made++) {
        controller.enqueue(new Uint8Array(1_000))
        await setTimeout(0)
      }
    },
    cancel: ended.resolve,
  })
  const reader = boundedStream(source, 20_000).getReader()
  expect((await reader.read()).value).toHaveLength(1_000)
  expect(await ended.promise).toEqual(new Error('the client does not read its events'))
  expect(made).toBeLessThan(100)
  await expect(reader.read()).rejects.toThrow('does not read')
})
