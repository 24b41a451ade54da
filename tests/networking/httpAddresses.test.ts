import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { describe, expect, onTestFinished, test } from 'vitest'
import { excerpt, HttpClient, isPublicAddress, redaction } from '../../lib/src/base/networking/index.ts'
import { httpServer } from './hostileServers.ts'

const KEY = 'CG-SECRETKEY1234567890abcd'

describe('redirects', () => {
  async function two() {
    const reached: string[] = []
    const other = await httpServer((request, response) => {
      reached.push(JSON.stringify([request.url, request.headers]))
      response.end('stolen')
    })
    const url = await httpServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
      const to = searchParams.get('to')
      if (pathname === '/loop') response.writeHead(302, { location: `/loop?${Math.random()}` }).end()
      else if (to !== null) response.writeHead(Number(searchParams.get('status') ?? 302), { location: to }).end('moved')
      else response.end(`here ${request.headers['x-key']}`)
    })
    return { url, other, reached }
  }

  test('none is followed unless asked for; the error names the target without what it holds in user, password and query', async () => {
    const { url, other, reached } = await two()
    for (const redirects of ['none', 'same-origin'] as const) {
      await using client = new HttpClient({ redirects, secrets: [KEY] })
      const targets = [
        `${other}/simple/price?key=${KEY}`,
        other.replace('http://', `http://me:${KEY}@`),
        `//${new URL(other).host}/x`,
        'http://169.254.169.254/latest/meta-data/',
        'http://[::ffff:169.254.169.254]/',
        'https://localhost:1/',
        'file:///etc/passwd',
        `javascript:${KEY}`,
        'http://[',
      ]
      for (const to of targets)
        for (const status of [301, 302, 303, 307, 308]) {
          const call = client.fetch(`${url}/?status=${status}&to=${encodeURIComponent(to)}`, {
            headers: { 'x-cg-pro-api-key': KEY },
          })
          const error = await call.catch((thrown: unknown) => thrown as Error)
          expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: status !== 301 && status !== 308 })
          expect((error as Error).message).toContain(`${url} redirects to `)
          expect((error as Error).message).not.toContain(KEY)
        }
      const error = await client
        .fetch(`${url}/?to=${encodeURIComponent(`${other}/simple/price`)}`)
        .catch((thrown: unknown) => thrown)
      expect((error as Error).message).toContain(`redirects to ${other}/simple/price (302)`)
    }
    expect(reached).toEqual([])
  })

  test('within one origin they are followed where that is allowed, with the key, and not for ever', async () => {
    const { url } = await two()
    const init = { headers: { 'x-key': 'mine' } }
    await using client = new HttpClient({ redirects: 'same-origin' })
    expect(await (await client.fetch(`${url}/?to=/there`, init)).text()).toBe('here mine')
    await expect(client.fetch(`${url}/loop`)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('more than 5 times'),
    })
    // The request goes out unchanged.
    await expect(client.fetch(`${url}/?to=/there`, { method: 'POST', body: 'x' })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect((await client.fetch(`${url}/?to=/there&status=307`, { method: 'POST', body: 'x' })).status).toBe(200)
    await using strict = new HttpClient()
    await expect(strict.fetch(`${url}/?to=/there`)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})

describe('addresses', () => {
  test.each([
    ['93.184.216.34', true],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['100.100.100.200', false],
    ['168.63.129.16', false],
    ['169.254.169.254', false],
    ['172.15.255.255', true],
    ['172.16.0.1', false],
    ['172.31.255.255', false],
    ['192.168.1.1', false],
    ['198.19.0.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['2606:4700:4700::1111', true],
    ['::1', false],
    ['::', false],
    ['fe80::1', false],
    ['fe80::1%eth0', false],
    ['fd00:ec2::254', false],
    ['ff02::1', false],
    ['2001:db8::1', false],
    ['2001::1', false],
    ['2002:7f00:1::', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:7f00:1', false],
    ['::ffff:93.184.216.34', true],
    ['::127.0.0.1', false],
    ['64:ff9b::a9fe:a9fe', false],
    ['64:ff9b::5db8:d822', true],
    ['64:ff9b:1::1', false],
    ['::ffff:0:127.0.0.1', false],
    ['localhost', false],
  ])('%s is public: %s', (address, is) => {
    expect(isPublicAddress(address)).toBe(is)
  })

  test('of this machine and its networks are not called where only public ones may be, however they are written', async () => {
    let asked = 0
    const url = await httpServer((_, response) => {
      asked++
      response.end('inside')
    })
    const { port } = new URL(url)
    const hosts = [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '127.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
      '0.0.0.0',
      '[::]',
    ]
    for (const addresses of ['public', { allow: ['10.0.0.0/8'] }] as const) {
      await using client = new HttpClient({ addresses })
      for (const host of hosts) {
        const error = await client.fetch(`http://${host}:${port}/`).catch((thrown: unknown) => thrown)
        expect(error, host).toMatchObject({
          code: 'FORBIDDEN',
          retryable: false,
          message: expect.stringContaining('no public address'),
        })
      }
    }
    expect(asked).toBe(0)
    await using allowed = new HttpClient({ addresses: { allow: ['127.0.0.0/8', '::1'] } })
    for (const host of ['127.0.0.1', 'localhost']) expect((await allowed.fetch(`http://${host}:${port}/`)).status).toBe(200)
    for (const wrong of ['ten', '10.0.0.0/33', '10.0.0.0/', '10.0.0/8'])
      expect(() => new HttpClient({ addresses: { allow: [wrong] } })).toThrow(/neither an IP address nor a block/)
  })

  test('of a name are tested as they are connected to: what the name stood for before counts for nothing', async () => {
    let asked = 0
    const url = await httpServer((_, response) => {
      asked++
      response.setHeader('connection', 'close').end('inside')
    })
    const answers = [
      ['127.0.0.1'],
      ['127.0.0.2'],
      ['127.0.0.2', '10.0.0.1', '127.0.0.1'],
      ['169.254.169.254', '::ffff:127.0.0.2'],
    ]
    const { lookup } = dns
    let looked = 0
    dns.lookup = ((_name: string, _options: object, callback: (error: null, found: dns.LookupAddress[]) => void) =>
      callback(
        null,
        answers[looked++]!.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as unknown as typeof dns.lookup
    syncBuiltinESMExports()
    onTestFinished(() => {
      dns.lookup = lookup
      syncBuiltinESMExports()
    })
    await using client = new HttpClient({ addresses: { allow: ['127.0.0.1'] } })
    const call = () => client.fetch(`http://rebinding.example:${new URL(url).port}/`).then((answer) => answer.text())
    expect(await call()).toBe('inside')
    await expect(call()).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('stands for 127.0.0.2') })
    expect(await call()).toBe('inside')
    await expect(call()).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect([asked, looked]).toEqual([2, 4])
  })

  test('with a user or password, or of another scheme, are refused without showing them', async () => {
    await using client = new HttpClient()
    for (const address of ['http://me:hunter2@127.0.0.1:1/', 'http://hunter2@127.0.0.1:1/', 'ftp://hunter2/', 'hunter2']) {
      const error = await client.fetch(address).catch((thrown: unknown) => thrown as Error)
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', retryable: false })
      expect(String(error)).not.toContain('hunter2')
    }
  })
})

test('what is shown of a foreign text is short, printable and without secrets', () => {
  const redact = redaction([KEY, undefined, '', 'a+b c/d'])
  expect(excerpt(`<p>\u0007\u202e${KEY}\r\n\u2028 a%2Bb%20c%2Fd </p>`, redact)).toBe('<p> (secret) (secret) </p>')
  expect(excerpt(`${'x'.repeat(70)}${KEY}`, redact)).not.toContain('CG-S')
  expect(excerpt('x'.repeat(1000), redact, 80)).toHaveLength(80)
})
