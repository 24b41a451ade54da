import zlib from 'node:zlib'
import { expect, test } from 'vitest'
import { HttpClient } from '../../lib/src/base/networking/index.ts'
import { QiError } from '../../lib/src/base/types/index.ts'
import { gzipBomb, httpServer, rawServer, writeWithoutEnd } from './hostileServers.ts'

const MB = 1024 * 1024
const failureOf = async (work: Promise<unknown>): Promise<QiError> => {
  const error = await work.then(
    (value) => expect.fail(`answered ${JSON.stringify(value).slice(0, 80)}`),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(QiError)
  return error as QiError
}
const read = async (client: HttpClient, url: string) => (await client.fetch(url)).text()

test('a megabyte that unpacks to a gigabyte is refused at the bound, and never held', async () => {
  const bomb = await gzipBomb(1024 * MB)
  expect(bomb.length).toBeLessThan(1.2 * MB)
  const url = await httpServer((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
  await using client = new HttpClient()
  const before = process.memoryUsage.rss()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 10)
  const error = await failureOf(read(client, url)).finally(() => clearInterval(watch))
  expect(error).toMatchObject({ code: 'BAD_DATA', retryable: false })
  expect(error.message).toBe(`${url}: its answer has more than ${32 * MB} bytes unpacked and was not read on`)
  expect(peak - before).toBeLessThan(200 * MB)
})

test('a body without end, and headers without end, are given up where the bound is', async () => {
  let written = () => 0
  const body = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    written = writeWithoutEnd(socket, Buffer.alloc(64 * 1024, 'x')).bytes
  })
  const headers = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    writeWithoutEnd(socket, Buffer.from('x-more: and more\r\n'))
  })
  await using client = new HttpClient({ bounds: { maxBytes: MB } })
  expect(await failureOf(read(client, body))).toMatchObject({ code: 'BAD_DATA', retryable: false })
  // Beyond the bound only what lay in buffers.
  expect(written()).toBeLessThan(20 * MB)
  const error = await failureOf(read(client, headers))
  expect(error).toMatchObject({ code: 'BAD_DATA', retryable: false })
  expect(error.message).toContain('headers of its answer have more than 16384 bytes')
})

test('an answer that drips, one that stalls, and none at all end in time', async () => {
  const drip = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const timer = setInterval(() => socket.write(' '), 20)
    socket.on('close', () => clearInterval(timer))
  })
  const still = await rawServer((socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'))
  const silent = await rawServer(() => {})
  const headers = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nx-slow: ')
    const timer = setInterval(() => socket.write('x'), 20)
    socket.on('close', () => clearInterval(timer))
  })
  await using client = new HttpClient({ bounds: { totalMs: 400 } })
  for (const url of [drip, silent, headers]) {
    const error = await failureOf(read(client, url))
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true, message: `${url}: no whole answer within 400 ms` })
  }
  await using impatient = new HttpClient({ bounds: { idleMs: 300 } })
  for (const url of [still, silent]) {
    const error = await failureOf(read(impatient, url))
    expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringMatching(/no answer.* for 300 ms/) })
  }
})

test('a connection that breaks in the middle is UNAVAILABLE, whether the caller reads on or not', async () => {
  const cut = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf')
    setImmediate(() => socket.resetAndDestroy())
  })
  const early = await rawServer((socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf'))
  const nothing = await rawServer((socket) => socket.destroy())
  const rubbish = await rawServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.9\r\n'))
  await using client = new HttpClient()
  for (const url of [cut, early, nothing, rubbish])
    expect(await failureOf(read(client, url)), url).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  // An unhandled rejection would fail the run.
  const unread = await client.fetch(early)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await expect(unread.text()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('what is packed by gzip, brotli, zstd or deflate is unpacked; a coding that is unknown, doubled or damaged is BAD_DATA', async () => {
  const text = JSON.stringify({ price: '64000.5', more: 'x'.repeat(5000) })
  const packed: Record<string, Buffer> = {
    gzip: zlib.gzipSync(text),
    br: zlib.brotliCompressSync(text),
    zstd: zlib.zstdCompressSync(text),
    deflate: zlib.deflateSync(text),
    identity: Buffer.from(text),
    none: Buffer.from(text),
    compress: Buffer.from(text),
    'gzip, gzip': zlib.gzipSync(zlib.gzipSync(text)),
  }
  const url = await httpServer((request, response) => {
    const [, coding = '', cut] = decodeURIComponent(request.url ?? '').split('/')
    const body = packed[coding] as Buffer
    if (coding !== 'none') response.setHeader('content-encoding', coding)
    response.end(cut === 'cut' ? body.subarray(0, body.length - 12) : cut === 'empty' ? '' : body)
  })
  await using client = new HttpClient()
  for (const coding of ['gzip', 'br', 'zstd', 'deflate', 'identity', 'none']) {
    const answer = await client.fetch(`${url}/${coding}`)
    expect(answer.headers.get('content-encoding')).toBeNull()
    expect(await answer.text(), coding).toBe(text)
  }
  for (const coding of ['compress', 'gzip, gzip'])
    expect(await failureOf(read(client, `${url}/${encodeURIComponent(coding)}`)), coding).toMatchObject({ code: 'BAD_DATA' })
  for (const coding of ['gzip', 'br', 'zstd', 'deflate']) {
    expect(await failureOf(read(client, `${url}/${coding}/cut`)), coding).toMatchObject({ code: 'BAD_DATA', retryable: true })
    expect(await read(client, `${url}/${coding}/empty`), coding).toBe('')
  }
})

test('a caller that leaves, and a client that is closed, end the call and its connection', async () => {
  const open = new Set<object>()
  const url = await rawServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.write('HTTP/1.1 200 OK\r\n\r\nbegun')
  })
  await using client = new HttpClient()
  const leaving = new AbortController()
  const answer = await client.fetch(url, { signal: leaving.signal })
  leaving.abort()
  expect(await failureOf(answer.text())).toMatchObject({ code: 'CANCELLED' })
  await expect(client.fetch(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  const unread = await client.fetch(url)
  await unread.body?.cancel()
  await expect.poll(() => open.size).toBe(0)

  const another = await client.fetch(url)
  await client.close()
  expect(await failureOf(another.text())).toMatchObject({ code: 'CLOSED' })
  await expect(client.fetch(url)).rejects.toMatchObject({ code: 'CLOSED' })
})

test('a request is sent as fetch sends it', async () => {
  const url = await httpServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      const { 'content-type': type, 'content-length': length, 'x-own': own } = request.headers
      response.end(JSON.stringify({ method: request.method, type, length, own, body: Buffer.concat(parts).toString() }))
    })
  })
  await using client = new HttpClient()
  const send = async (input: string | URL | Request, init?: RequestInit) => (await client.fetch(input, init)).json()
  const init = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json', 'X-Own': '1' } }
  const sent = { method: 'POST', type: 'application/json', length: '7', own: '1', body: '{"a":1}' }
  expect(await send(url, init)).toEqual(sent)
  expect(await send(new Request(url, init))).toEqual(sent)
  expect(await send(new URL(url))).toEqual({ method: 'GET', body: '' })
  expect(await send(url, { method: 'POST', body: new URLSearchParams({ a: '1' }) })).toMatchObject({ body: 'a=1' })
  expect((await client.fetch(url, { method: 'HEAD' })).body).toBeNull()
})
