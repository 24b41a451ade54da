import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { HttpClient, readTls, type TlsSettings, tlsFault, tlsSettings } from '../../lib/src/base/networking/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { coingecko } from '../../lib/src/publishers/sources/coingecko/index.ts'
import { type Certificate, makeAuthority } from '../support/certificates.ts'
import { describeWith } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'

const schema = tlsSettings('TEST', 'the server')
const read = (settings: Partial<TlsSettings>) => readTls(schema.parse(settings), 'test.tls')!

async function startServer(certificate: Certificate, ca?: string): Promise<string> {
  const [cert, key] = await Promise.all([readFile(certificate.cert), readFile(certificate.key)])
  const clients = ca ? { ca: await readFile(ca), requestCert: true, rejectUnauthorized: true } : {}
  const server = createServer({ cert, key, ...clients }, (_, response) => response.end('{"gecko_says":"hello"}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
  })
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

/** OpenSSL's own server says why it hangs up; Node's does not. With TLS 1.3 it says so after the handshake, where fetch does not listen. */
async function startStrictServer({ cert, key }: Certificate, ca: string): Promise<string> {
  const asked = ['-Verify', '1', '-verify_return_error', '-CAfile', ca]
  const child = spawn(
    'openssl',
    ['s_server', '-accept', '127.0.0.1:0', '-cert', cert, '-key', key, ...asked, '-tls1_2', '-www'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  )
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill()
    await ended
  })
  // Read on after that: it writes of each connection, and would end where nobody listens.
  const port = new Promise<string>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const [, found] = /^ACCEPT .*:(\d+)/.exec(line) ?? []
      if (found) resolve(found)
    })
  })
  return `https://localhost:${await port}`
}

const reason = async (promise: Promise<unknown>) => tlsFault(await promise.catch((error: unknown) => error), 'test.tls')

describeWith('openssl', 'HTTP over TLS with an authority of its own', () => {
  test('is read with that authority and a client certificate, and by nobody else in the process', async () => {
    const authority = await makeAuthority(await temporary('tls-http'))
    const { cert, key } = await authority.issue('client')
    const url = await startServer(await authority.issue('server'), authority.ca)
    await using secure = new HttpClient({ tls: read({ ca: authority.ca, cert, key }) })
    expect(await (await secure.fetch(url)).text()).toContain('hello')

    expect(await reason(fetch(url))).toMatchObject({ code: 'UNAVAILABLE', remedy: expect.stringContaining('test.tls.ca') })
  })

  test('no certificate, and one that the server does not know, are UNAUTHORIZED', async () => {
    const folder = await temporary('tls-refused')
    const [authority, other] = [await makeAuthority(folder, 'ours'), await makeAuthority(folder, 'theirs')]
    const url = await startStrictServer(await authority.issue('server'), authority.ca)
    const { cert, key } = await other.issue('stranger')
    for (const shown of [{}, { cert, key }]) {
      await using secure = new HttpClient({ tls: read({ ca: authority.ca, ...shown }) })
      expect(await reason(secure.fetch(url))).toMatchObject({
        code: 'UNAUTHORIZED',
        remedy: expect.stringContaining('test.tls.cert'),
      })
    }
  })

  test('an expired certificate and one for another name are told apart, and server_name allows the latter', async () => {
    const authority = await makeAuthority(await temporary('tls-http'))
    await using secure = new HttpClient({ tls: read({ ca: authority.ca }) })
    const expired = await startServer(await authority.issue('old', { expired: true }))
    expect(await reason(secure.fetch(expired))).toMatchObject({ code: 'UNAVAILABLE', remedy: expect.stringContaining('renew') })
    const other = await startServer(await authority.issue('other', { san: 'DNS:api.example' }))
    expect(await reason(secure.fetch(other))).toMatchObject({
      code: 'UNAVAILABLE',
      remedy: expect.stringContaining('test.tls.server_name'),
    })
    await using named = new HttpClient({ tls: read({ ca: authority.ca, server_name: 'api.example' }) })
    expect((await named.fetch(other)).status).toBe(200)
    expect(await reason(secure.fetch(expired.replace('https', 'http')))).toBeUndefined()
  })

  test('files that cannot work are refused before anything is sent', async () => {
    const folder = await temporary('tls-files')
    const authority = await makeAuthority(folder)
    const [one, two] = [await authority.issue('one'), await authority.issue('two')]
    const old = await authority.issue('old', { expired: true })
    expect(() => read({ ca: '/nowhere/ca.pem' })).toThrow(/test\.tls\.ca "\/nowhere\/ca\.pem" cannot be read/)
    expect(() => read({ ca: import.meta.filename })).toThrow(/no PEM/)
    expect(() => read({ cert: one.cert, key: two.key })).toThrow(/test\.tls\.key: /)
    expect(() => read({ cert: old.cert, key: old.key })).toThrow(/test\.tls\.cert: expired/)
    expect(readTls(schema.parse({}), 'test.tls')).toBeUndefined()
    expect(readTls(schema.parse({ enabled: false, ca: '/nowhere' }), 'test.tls')).toBeUndefined()
  })

  test('the CoinGecko source reaches an API with a certificate of its own, and says what is wrong without it', async () => {
    const authority = await makeAuthority(await temporary('tls-coingecko'))
    const url = await startServer(await authority.issue('server'))
    const check = async (tls: object) => {
      await using source = await coingecko.open(coingecko.config.parse({ base_url: url, tls }), {
        name: 'coingecko',
        logger: silentLogger,
      })
      return await source.check()
    }
    expect(await check({ ca: authority.ca })).toMatchObject({ ok: true })
    expect(await check({})).toMatchObject({
      ok: false,
      error: { code: 'UNAVAILABLE', retryable: false },
      summary: expect.stringContaining('coingecko.tls.ca'),
    })
  })
})
