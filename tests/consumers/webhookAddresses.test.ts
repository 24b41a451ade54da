import dns from 'node:dns'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { priceBatch } from '../support/heldSubscription.ts'
import { receiver } from '../support/receiver.ts'
import { openWebhook, priceType } from '../support/webhook.ts'

/** Spellings of addresses that are not public. */
const SPELLINGS = [
  ...['127.0.0.1', '127.1', '127.0.1', '127.255.255.254', '2130706433', '0x7f000001', '0x7f.1', '0x7f.0x0.0x0.0x1'],
  ...['017700000001', '0177.0.0.1', '0177.1', '0x7F.0.0.01', '127.0.0.1.', '%31%32%37.0.0.1', '１２７.０.０.１', '127。0。0。1'],
  ...['①②⑦.⓪.⓪.①', 'localhost', 'LOCALHOST', 'lOcAlHoSt', '0.0.0.0', '0', '0x0', '00000'],
  ...['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::FFFF:7F00:0001]'],
  ...['[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[::7f00:1]', '[::ffff:0:127.0.0.1]', '[64:ff9b::7f00:1]'],
  ...['[64:ff9b::127.0.0.1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '10.0.0.1', '10.255.255.255'],
  ...['167772161', '0xa000001', '012.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.1', '3232235777'],
  ...['0xc0a80101', '169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '[::ffff:169.254.169.254]'],
  ...['[::ffff:a9fe:a9fe]', '[fd00:ec2::254]', '[fe80::1]', '[fc00::1]', '[fec0::1]', '[ff02::1]', '100.64.0.1'],
  ...['100.100.100.200', '168.63.129.16', '192.0.0.192', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['4294967295', '[2001:db8::1]', '[100::1]', '[::ffff:10.0.0.1]', '[5f00::1]', '192.0.2.1', '203.0.113.9'],
]

/** Listens on every address of this machine. */
async function listener() {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  }).listen(0, '::')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}

const attempt = async (url: string, settings: Record<string, unknown>) => {
  await using sink = await openWebhook(url, settings)
  return await sink.writeEncoded(priceType, [priceBatch(0, 0, 1)]).catch((error: unknown) => error)
}

/** Resolves names to one list of addresses after another. @returns how often a name was looked up */
function resolvesTo(answers: readonly (readonly string[])[]): () => number {
  const { lookup } = dns
  let looked = 0
  dns.lookup = ((_name: string, _options: object, callback: (error: null, found: dns.LookupAddress[]) => void) =>
    callback(
      null,
      (answers[looked++] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as typeof dns.lookup
  syncBuiltinESMExports()
  onTestFinished(() => {
    dns.lookup = lookup
    syncBuiltinESMExports()
  })
  return () => looked
}

describe('the webhook and addresses that are not public', () => {
  test('there are at least 60 spellings', () => {
    expect(new Set(SPELLINGS).size).toBeGreaterThanOrEqual(60)
  })

  test('none of the spellings is connected to', async () => {
    const { port, connections } = await listener()
    for (const spelling of SPELLINGS) {
      expect(await attempt(`https://${spelling}:${port}/`, { allow: [] }), spelling).toMatchObject({
        code: 'FORBIDDEN',
        retryable: false,
        message: expect.stringContaining('to allow the address, name it in destinations.hook.allow'),
      })
      // Allowing one address allows no other, and over http:// not even public ones.
      expect(await attempt(`http://${spelling}:${port}/`, { allow: ['10.99.0.0/16'] }), spelling).toMatchObject({
        code: 'FORBIDDEN',
        message: expect.stringContaining('none of the addresses that are allowed'),
      })
    }
    expect(await attempt(`http://93.184.216.34:${port}/`, { allow: ['10.99.0.0/16'] })).toMatchObject({ code: 'FORBIDDEN' })
    expect(connections()).toBe(0)
  })

  test('a name is checked when it is connected to: one that resolves to another address a moment later is refused', async () => {
    const inside = await receiver()
    const { port } = new URL(inside.url)
    inside.answer = (_, response) => void response.setHeader('connection', 'close').end()
    const looked = resolvesTo([
      ['127.0.0.1'],
      ['127.0.0.2'],
      ['169.254.169.254', '::ffff:127.0.0.2', '::1'],
      ['127.0.0.2', '127.0.0.1'],
    ])
    const sink = await openWebhook(`http://rebinding.example:${port}/`)
    const write = (offset: number) => sink.writeEncoded(priceType, [priceBatch(0, offset, 1)])
    expect(await write(0)).toMatchObject({ written: 1 })
    await expect(write(1)).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('stands for 127.0.0.2') })
    await expect(write(2)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(await write(3)).toMatchObject({ written: 1 })
    expect([inside.requests.length, looked()]).toEqual([2, 4])
    await sink.close()
  })

  test('a public name that becomes private is refused, in any spelling of the address', async () => {
    const { port, connections } = await listener()
    const addresses = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '64:ff9b::a9fe:a9fe', 'fe80::1%lo', '0.0.0.0', '::']
    resolvesTo(addresses.map((address) => [address]))
    for (const address of addresses)
      expect(await attempt(`https://hooks.example:${port}/`, { allow: [] }), address).toMatchObject({ code: 'FORBIDDEN' })
    expect(connections()).toBe(0)
  })

  test('no redirect is followed, wherever it leads', async () => {
    const { port, connections } = await listener()
    const made = await receiver()
    const targets = [
      `http://127.0.0.1:${port}/`,
      `http://[::1]:${port}/x`,
      '/there',
      'http://169.254.169.254/',
      'file:///etc/passwd',
    ]
    for (const location of targets)
      for (const status of [301, 302, 303, 307, 308]) {
        made.answer = (_, response) => void response.writeHead(status, { location }).end()
        expect(await attempt(made.url, {}), `${status} ${location}`).toMatchObject({
          code: 'UNAVAILABLE',
          retryable: status !== 301 && status !== 308,
          message: expect.stringContaining('redirects to'),
        })
      }
    expect(connections()).toBe(0)
    expect(new Set(made.requests.map(({ path }) => path))).toEqual(new Set(['/']))
  })

  test('the check and the test of a destination are guarded too', async () => {
    const { port, connections } = await listener()
    await using sink = await openWebhook(`https://127.1:${port}/`, { allow: [] })
    for (const result of [await sink.check(), await sink.test()])
      expect(result).toMatchObject({ ok: false, summary: expect.stringContaining('no public address') })
    expect(connections()).toBe(0)
  })
})
