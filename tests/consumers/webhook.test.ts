import { describe, expect, test } from 'vitest'
import { encodedBatch, price, type RowSink } from '../../lib/src/base/types/index.ts'
import { webhook } from '../../lib/src/consumers/sinks/webhook/index.ts'
import { sinkSuite } from '../contracts/sinkSuite.ts'
import { priceBatch } from '../support/heldSubscription.ts'
import { LATER } from '../support/laterRecords.ts'
import { type Received, receiver, recordsOf } from '../support/receiver.ts'
import { openWebhook as open, SECRET, priceType as type, verifyingReceiver as verified, verify } from '../support/webhook.ts'

const OLD = `whsec_${Buffer.alloc(24, 'old').toString('base64')}`

const received = new WeakMap<RowSink, Received[]>()
sinkSuite('the webhook', {
  open: async () => {
    const made = await verified()
    const sink = await open(made.url)
    received.set(sink, made.requests)
    return sink
  },
  prices: async (sink) => (received.get(sink) ?? []).flatMap(recordsOf).map(({ record }) => String(record.price)),
})

describe('a request of the webhook', () => {
  test('is verified by an independent library, with the secret and with the previous one', async () => {
    const made = await receiver()
    const sink = await open(made.url, { previous_secret: OLD })
    await sink.writeEncoded(type, [priceBatch(0, 0, 2)])
    const [request] = made.requests as [Received]
    expect(request.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'hook/crypto-prices/0/0-1' })
    expect(verify(request)).toMatchObject({ type: 'price' })
    expect(verify(request, OLD)).toMatchObject({ type: 'price' })
    expect(() => verify(request, `whsec_${Buffer.alloc(24, 'another').toString('base64')}`)).toThrow(/No matching signature/)
    expect(() => verify({ ...request, text: request.text.replace('1.5', '9.5') })).toThrow(/No matching signature/)
    await sink.close()
  })

  test('has the bytes of each record as they were streamed, with an id of its own', async () => {
    const made = await verified()
    const sink = await open(made.url)
    const digits = '12345678901234567890.1234567890123456789'
    const value = Buffer.from(
      `{"note": "größe","price":"${digits}",${LATER},${price
        .encode(priceOf(1))
        .slice(1)
        .replace(/"price":"[^"]*"/, '"market_cap":"1"')}`,
    )
    const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), value])
    const batch = encodedBatch(price.topic, 3, [
      { offset: 7n, key: null, value, timestamp: 0 },
      { offset: 9n, key: null, value: marked, timestamp: 0 },
    ])
    expect(await sink.writeEncoded(type, [batch])).toEqual({ written: 2, failed: [] })
    const [{ text }] = made.requests as [Received]
    expect(text).toBe(
      `{"type":"price","records":[{"id":"hook/crypto-prices/3/7","record":${value}},{"id":"hook/crypto-prices/3/9","record":${value}}]}`,
    )
    await sink.close()
  })

  test('ends by max_records, at the same offsets wherever it began, and by max_bytes', async () => {
    const ids = async (settings: object, first: number, count: number) => {
      const made = await verified()
      const sink = await open(made.url, { ...settings })
      await sink.writeEncoded(type, [priceBatch(0, first, count)])
      await sink.close()
      return made.requests.map(({ headers }) => String(headers['webhook-id']).split('/').at(-1))
    }
    expect(await ids({ max_records: 10 }, 0, 25)).toEqual(['0-9', '10-19', '20-24'])
    expect(await ids({ max_records: 10 }, 7, 18)).toEqual(['7-9', '10-19', '20-24'])
    expect(await ids({ max_records: 1 }, 7, 2)).toEqual(['7', '8'])
    expect(await ids({ max_bytes: '1B' }, 7, 2)).toEqual(['7', '8'])
  })

  test('leaves out a value that is not a record: it is a failure, and its neighbours are sent', async () => {
    const made = await verified()
    const sink = await open(made.url)
    const written = await sink.writeEncoded(type, [priceBatch(0, 0, 2, { 0: '{"coin_id":' }), priceBatch(1, 0, 2, { 1: '[]' })])
    expect(written).toMatchObject({
      written: 2,
      failed: [
        { index: 0, error: { code: 'BAD_DATA' } },
        { index: 3, error: { code: 'BAD_DATA' } },
      ],
    })
    expect(
      made.requests
        .flatMap(recordsOf)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(['hook/crypto-prices/0/1', 'hook/crypto-prices/1/0'])
    await sink.close()
  })

  test('for a test is a signed ping without records', async () => {
    const made = await verified()
    const sink = await open(made.url)
    expect(await sink.test()).toMatchObject({ ok: true, summary: expect.stringContaining('took a signed ping (200)') })
    expect(made.requests.map(({ text }) => text)).toEqual(['{"type":"ping","records":[]}'])
    await sink.close()
  })
})

describe('settings of the webhook', () => {
  const problems = (settings: object) => {
    const { error } = webhook.config.safeParse({ url: 'https://hooks.example/x', secret: SECRET, ...settings })
    return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
  }

  test.each<[object, RegExp]>([
    [{ secret: undefined }, /^secret: /],
    [{ secret: 'hunter2' }, /^secret: must be whsec_ with Base64 .* make one with: echo whsec_\$\(openssl rand -base64 32\)$/],
    [{ secret: 'whsec_c2hvcnQ=' }, /^secret: must stand for 24 to 64 bytes/],
    [{ previous_secret: 'whsec_' }, /^previous_secret: /],
    [{ url: 'ftp://x' }, /^url: must begin with https/],
    [{ url: 'https://me:hunter2@hooks.example/' }, /^url: must not contain a user or password/],
    [{ url: 'https://hooks.example/#hunter2' }, /^url: must not contain #/],
    [{ url: 'http://hooks.example/' }, /^url: http:\/\/ sends records unencrypted: use https/],
    [{ allow: ['10.0.0.0/99'] }, /^allow\.0: "10\.0\.0\.0\/99" is neither an IP address nor a block/],
    [{ timeout: '1ms' }, /^timeout: must be from 100ms to 10m/],
    [{ timeout: '1kB' }, /^timeout: .* is a size/],
    [{ in_flight: 0 }, /^in_flight: /],
    [{ max_records: 0 }, /^max_records: /],
    [{ tls: { cert: 'x.pem' } }, /^tls\.key: tls\.cert and tls\.key belong together/],
  ])('%j', (settings, expected) => {
    const found = problems(settings)
    expect(found).toEqual([expect.stringMatching(expected)])
    expect(found[0]).not.toContain('hunter2')
  })

  test('of a receiver in a private network name its addresses', () => {
    expect(problems({ url: 'http://127.0.0.1:8080/', allow: ['127.0.0.0/8', '::1'] })).toEqual([])
  })
})

const priceOf = (n: number) => price.decode(priceBatch(0, n, 1).value(0))
