import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../bench/freePort.ts'
import { price, type QiError } from '../../../lib/src/base/types/index.ts'
import { aPrice } from '../../database/records.ts'
import { makeAuthority } from '../../support/certificates.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { describeWith } from '../../support/services.ts'
import { temporary } from '../../support/temporary.ts'
import { openRedis, write } from './open.ts'

const started = async (settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> => {
  const server = await startRedis(settings)
  onTestFinished(() => server.stop())
  return server
}
const opened = async (settings: Readonly<Record<string, unknown>>) => {
  const sink = await openRedis(settings)
  onTestFinished(() => sink.close())
  return sink
}
const failure = (promise: Promise<unknown>): Promise<QiError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: QiError) => error,
  )

describe('settings of redis that contradict one another are refused', () => {
  test.each([
    [{ url: 'redis://user:a@b/c@127.0.0.1' }, /^destinations\.desk\.url: .*%40 for @/],
    [
      { url: 'redis://u:sesame-1@127.0.0.1', password: 'sesame-2' },
      /^destinations\.desk\.url: the address has a user or password too/,
    ],
    [{ url: 'redis://127.0.0.1/two' }, /^destinations\.desk\.url: \/two is not the number of a database/],
    [{ cluster: ['redis://127.0.0.1/1'] }, /^destinations\.desk\.cluster: a cluster has one database/],
    [
      { cluster: ['redis://127.0.0.1'], notify: 'stream' },
      /^destinations\.desk\.notify: "stream" needs a single server.*use pubsub/,
    ],
    [{ url: 'rediss://127.0.0.1', tls: { enabled: false } }, /^destinations\.desk\.tls\.enabled: url begins with rediss/],
    [{ tls: { cert: 'own.pem' } }, /^destinations\.desk\.tls\.key: tls\.cert and tls\.key belong together/],
    [{ tls: { ca: '/nowhere.pem' } }, /^destinations\.desk\.tls\.ca "\/nowhere\.pem" cannot be read/],
  ])('%j', async (settings, message) => {
    await expect(openRedis(settings)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) })
  })

  test.each([
    [{ url: 'http://127.0.0.1' }, /give redis:\/\/HOST:PORT/],
    [{ ttl: '1h' }, /give 24h to 3650d/],
    [{ prefix: 'a{b}' }, /give letters, digits/],
  ])('%j, by the schema', async (settings, message) => {
    expect(() => openRedis(settings)).toThrow(message)
  })
})

describe('a redis that cannot be reached', () => {
  test('is UNAVAILABLE, and works once it can be reached', async () => {
    const sink = await opened({ url: 'redis://127.0.0.1:1' })
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/^Redis at redis:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/),
    })
    expect(await sink.check()).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } })
  })

  test('times out when it accepts connections without answering', async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const sink = await opened({ url: `redis://127.0.0.1:${port}`, timeout: '200ms' })
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({ code: 'TIMEOUT', retryable: true })
  })

  test('shows no password of its address', async () => {
    const sink = await opened({ url: 'redis://me:open-sesame@127.0.0.1:1' })
    const error = await failure(write(sink, price, [aPrice()]))
    expect(error.message).not.toContain('sesame')
    expect(JSON.stringify(await sink.check())).not.toContain('sesame')
  })
})

describeWith('redis', 'redis in trouble', () => {
  test('a killed server is written to again once it is back, and has its earlier keys', async () => {
    const server = await started()
    const sink = await opened({ url: server.url })
    expect(await write(sink, price, [aPrice({ coinId: 'one' })])).toMatchObject({ written: 1 })
    await server.kill9()
    expect(await failure(write(sink, price, [aPrice({ coinId: 'two' })]))).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    await server.restart()
    expect(
      await write(
        sink,
        price,
        ['one', 'two'].map((coinId) => aPrice({ coinId })),
      ),
    ).toMatchObject({ written: 1, overwritten: 1 })
  })

  test('a stopped server causes a timeout, and is written to again when it continues', async () => {
    const server = await started()
    const sink = await opened({ url: server.url, timeout: '300ms' })
    await write(sink, price, [aPrice({ coinId: 'one' })])
    server.suspend()
    expect(await failure(write(sink, price, [aPrice({ coinId: 'two' })]))).toMatchObject({ code: 'TIMEOUT', retryable: true })
    server.resume()
    expect(await write(sink, price, [aPrice({ coinId: 'three' })])).toMatchObject({ written: 1 })
  })

  test('a wrong password is refused with a remedy; the right one works', async () => {
    const server = await started({ requirepass: 'open-sesame' })
    for (const settings of [{}, { password: 'closed-sesame' }, { username: 'nobody', password: 'open-sesame' }]) {
      const sink = await opened({ url: server.url, ...settings })
      const error = await failure(write(sink, price, [aPrice()]))
      expect(error).toMatchObject({
        code: 'UNAUTHORIZED',
        retryable: false,
        message: expect.stringContaining('set destinations.desk.password'),
      })
      expect(error.message).not.toContain('sesame')
    }
    const sink = await opened({ url: server.url, password: 'open-sesame' })
    expect(await write(sink, price, [aPrice()])).toMatchObject({ written: 1 })
    expect(await sink.check()).toMatchObject({ ok: true })
  })

  test('a user without rights is refused with the rights that it needs', async () => {
    const server = await started()
    const admin = await server.client()
    await admin.sendCommand(['ACL', 'SETUSER', 'reader', 'on', '>let-me-read', '~*', '&*', '+@read', '+@connection'])
    const allowed = ['+evalsha', '+eval', '+time', '+hget', '+hset', '+pexpireat', '+publish', '+hello', '+client', '+ping']
    await admin.sendCommand(['ACL', 'SETUSER', 'writer', 'on', '>let-me-write', '~qicore:*', '&qicore:*', ...allowed])
    const reader = await opened({ url: server.url, username: 'reader', password: 'let-me-read' })
    expect(await failure(write(reader, price, [aPrice()]))).toMatchObject({
      code: 'FORBIDDEN',
      retryable: false,
      message: expect.stringMatching(/let its user run evalsha.*begin with destinations\.desk\.prefix/),
    })
    const writer = await opened({ url: server.url, username: 'writer', password: 'let-me-write', notify: 'pubsub' })
    expect(await write(writer, price, [aPrice()])).toMatchObject({ written: 1 })
    const astray = await opened({ url: server.url, username: 'writer', password: 'let-me-write', prefix: 'other' })
    expect(await failure(write(astray, price, [aPrice()]))).toMatchObject({ code: 'FORBIDDEN' })
  })

  test('a full memory is a retryable failure', async () => {
    const server = await started({ maxmemory: '2mb', 'maxmemory-policy': 'noeviction' })
    const sink = await opened({ url: server.url })
    const admin = await server.client()
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1'])
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/its memory is full: raise maxmemory, shorten destinations\.desk\.ttl/),
    })
    expect(await sink.check()).toMatchObject({ ok: false })
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0'])
    expect(await write(sink, price, [aPrice()])).toMatchObject({ written: 1 })
  })

  test('a replica is refused as read-only', async () => {
    const [primary, replica] = [await started(), await started()]
    const admin = await replica.client()
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', String(primary.port)])
    const sink = await opened({ url: replica.url })
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('READONLY'),
    })
    await admin.sendCommand(['REPLICAOF', 'NO', 'ONE'])
    expect(await write(sink, price, [aPrice()])).toMatchObject({ written: 1 })
  })

  test('TLS works with the configured authority, and the error names one that is not trusted', async () => {
    const authority = await makeAuthority(await temporary('redis-tls'))
    const { cert, key } = await authority.issue('server')
    const files = { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-ca-cert-file': authority.ca, 'tls-auth-clients': 'no' }
    const port = await freePort()
    await started({ 'tls-port': String(port), ...files })
    const sink = await opened({ url: `rediss://localhost:${port}`, tls: { ca: authority.ca } })
    expect(await write(sink, price, [aPrice()])).toMatchObject({ written: 1 })
    const stranger = await opened({ url: `rediss://localhost:${port}` })
    expect(await failure(write(stranger, price, [aPrice()]))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/set destinations\.desk\.tls\.ca to the PEM file/),
    })
  })
})
