import { describe, expect, onTestFinished, test } from 'vitest'
import { encodedBatch, ohlcv, price, type RecordType, type RowSink, wordIssue } from '../../lib/src/base/types/index.ts'
import { rest } from '../../lib/src/consumers/sinks/rest/index.ts'
import { sinkSuite } from '../contracts/sinkSuite.ts'
import { started, until } from '../support/heldConsumer.ts'
import { aPrice, priceBatch } from '../support/heldSubscription.ts'
import { sampleWire } from '../support/laterRecords.ts'
import { type Received, receiver } from '../support/receiver.ts'
import { type HttpRowSink, priceType, sinkContext } from '../support/webhook.ts'

const open = async (url: string, settings: Record<string, unknown> = {}) =>
  (await rest.open(rest.config.parse({ url, allow: ['127.0.0.1'], ...settings }), sinkContext())) as HttpRowSink

async function opened(settings: Record<string, unknown> = {}, path = '') {
  const made = await receiver()
  const sink = await open(`${made.url}${path}`, settings)
  onTestFinished(() => sink.close())
  return { made, sink }
}

for (const send of ['one', 'many']) {
  const received = new WeakMap<RowSink, Received[]>()
  sinkSuite(`rest that sends ${send}`, {
    open: async () => {
      const made = await receiver()
      const sink = await open(made.url, { send })
      received.set(sink, made.requests)
      return sink
    },
    prices: async (sink) =>
      (received.get(sink) ?? [])
        .flatMap(({ text }) => JSON.parse(text) as { price: string } | { price: string }[])
        .map((record) => record.price),
  })
}

const batchOf = (...values: readonly object[]) =>
  encodedBatch(
    price.topic,
    0,
    values.map((value, i) => ({ offset: BigInt(i), key: null, value: Buffer.from(JSON.stringify(value)), timestamp: 0 })),
  )
const wire = (more: object = {}) => ({ ...price.toWire(aPrice(1)), ...more })

describe('a request of rest', () => {
  test('is the record as it was streamed, with the same key when it is repeated', async () => {
    const { made, sink } = await opened({
      headers: { Authorization: 'Bearer hunter2000', 'Content-Type': 'application/vnd.x+json' },
    })
    const batch = priceBatch(4, 7, 2)
    for (let repeat = 0; repeat < 2; repeat++) await sink.writeEncoded(priceType, [priceBatch(4, 7, 2)])
    expect(made.requests.map(({ text }) => text)).toEqual([0, 1, 0, 1].map((i) => Buffer.from(batch.value(i)).toString()))
    expect(made.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(
      [7, 8, 7, 8].map((offset) => `hook/crypto-prices/4/${offset}`),
    )
    expect(made.requests[0]).toMatchObject({
      method: 'POST',
      headers: { authorization: 'Bearer hunter2000', 'content-type': 'application/vnd.x+json' },
    })
  })

  test('has a body of its own, with every digit', async () => {
    const body = {
      symbol: '{{coin_id}}',
      note: 'price of {{ coin_id }}, cap "{{market_cap}}"',
      text: '{{price}}',
      figure: '{{ price | number }}',
      cap: '{{market_cap}}',
      capFigure: '{{market_cap | number}}',
      id: '{{record_id}}',
      of: ['{{record_type}}', 1, true, null, { deep: '{{time}}' }],
    }
    const { made, sink } = await opened({ body })
    const digits = '12345678901234567890.12345678901234567890'
    await sink.writeEncoded(priceType, [
      batchOf(wire({ coin_id: 'a"\\b', price: digits }), wire({ price: '007.10', market_cap: '-0.50' })),
    ])
    const [first, second] = made.requests.map(({ text }) => text) as [string, string]
    expect(first).toBe(
      `{"symbol":"a\\"\\\\b","note":"price of a\\"\\\\b, cap \\"\\"","text":"${digits}","figure":${digits},"cap":null,"capFigure":null,"id":"hook/crypto-prices/0/0","of":["price",1,true,null,{"deep":"2026-01-01T00:00:00Z"}]}`,
    )
    expect(second).toContain('"text":"007.10","figure":7.10,"cap":"-0.50","capFigure":-0.50')
  })

  test('goes to the address of its record; a value that would change the path is a failure', async () => {
    const { made, sink } = await opened({ method: 'PUT' }, '/prices/{{coin_id}}?of={{time}}')
    const coins = ['btc/usd', 'a b?&#', '..', '.', 'ü']
    const { written, failed } = await sink.writeEncoded(priceType, [batchOf(...coins.map((coin_id) => wire({ coin_id })))])
    expect(made.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      ['btc%2Fusd', 'a%20b%3F%26%23', '%C3%BC'].map((coin) => `PUT /prices/${coin}?of=2026-01-01T00%3A00%3A00Z`),
    )
    expect(written).toBe(3)
    expect(failed.map(({ index, error }) => [index, error.code])).toEqual([
      [2, 'BAD_DATA'],
      [3, 'BAD_DATA'],
    ])
  })

  test('of many records is an array with one key; of a refused record the others are still sent', async () => {
    const { made, sink } = await opened({
      send: 'many',
      max_records: 10,
      idempotency_header: 'X-Once',
      body: { c: '{{coin_id}}' },
    })
    made.answer = ({ text }, response) => void response.writeHead(text.includes('coin-13"') ? 422 : 200).end()
    expect(await sink.writeEncoded(priceType, [priceBatch(0, 0, 20)])).toMatchObject({ written: 19, failed: [{ index: 13 }] })
    expect(made.requests[0]).toMatchObject({
      text: `[${Array.from({ length: 10 }, (_, i) => `{"c":"coin-${i}"}`).join(',')}]`,
      headers: { 'x-once': 'hook/crypto-prices/0/0-9' },
    })
  })

  test('answered by a status of also_done is done', async () => {
    const { made, sink } = await opened({ also_done: [409] })
    made.answer = (_, response) => void response.writeHead(409).end()
    expect(await sink.writeEncoded(priceType, [priceBatch(0, 0, 3)])).toMatchObject({ written: 3, failed: [] })
  })

  test('with a field that the record type lacks parks, with an error that lists its fields', async () => {
    const made = await receiver()
    const { subscription, consumer, finish } = started({}, () => open(made.url, { body: { high: '{{high}}' } }))
    subscription.give(priceBatch(0, 0, 1))
    await until(() => consumer.stats().state === 'parked')
    expect(consumer.stats().trouble?.error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /^destinations\.hook: \{\{high\}\} is not a field of price, which has coin_id, .*: correct body or url, or leave price out of its pipelines$/,
      ),
    })
    await finish()
    expect(made.requests).toEqual([])
    const sink = await open(made.url, { body: { high: '{{high}}' } })
    const bar = JSON.stringify(sampleWire(ohlcv as unknown as RecordType, 'test', 'bitcoin'))
    const batch = encodedBatch(ohlcv.topic, 0, [{ offset: 0n, key: null, value: Buffer.from(bar), timestamp: 0 }])
    expect(await sink.writeEncoded(ohlcv as unknown as RecordType, [batch])).toMatchObject({ written: 1 })
    expect(made.requests.map(({ text }) => text)).toEqual(['{"high":"1.5"}'])
    await sink.close()
  })

  test('shows no header in its errors; the destination has no test', async () => {
    const { made, sink } = await opened({ headers: { 'x-api-key': 'hunter2000' } })
    made.answer = (request, response) => void response.writeHead(403).end(`no right for ${String(request.headers['x-api-key'])}`)
    const error = (await sink.writeEncoded(priceType, [priceBatch(0, 0, 1)]).catch((thrown: unknown) => thrown)) as Error
    expect(error.message).toContain('answers 403 "no right for (secret)"')
    expect(sink.test).toBeUndefined()
    expect(await sink.check()).toMatchObject({ ok: true })
    expect(made.requests).toHaveLength(1)
  })
})

describe('settings of rest', () => {
  const problems = (settings: object) => {
    const { error } = rest.config.safeParse({ url: 'https://api.example/x', ...settings })
    return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${wordIssue(issue)}`)
  }

  test.each<[object, RegExp]>([
    [{ body: { x: '{{prise}}' } }, /^body: \{\{prise\}\}: no record has this field; did you mean price\?$/],
    [{ body: ['{{coin_id | number}}'] }, /^body: .*coin_id is not a number: write \{\{coin_id\}\}$/],
    [{ body: '{{}}' }, /^body: \{\{\}\}: write \{\{field\}\}/],
    [{ body: '{{price' }, /^body: has \{\{ or \}\} without the other/],
    [{ url: 'https://{{coin_id}}.example/' }, /^url: must name its host itself/],
    [{ url: 'https://api.example/{{coin_id}}', send: 'many' }, /^url: .* set send to one$/],
    [{ url: 'https://api.example/{{coin}}' }, /^url: \{\{coin\}\}: no record has this field/],
    [{ url: 'http://api.example/' }, /^url: http:\/\/ sends records unencrypted/],
    [{ headers: { 'content-length': '1' } }, /^headers\.content-length: is a header that the connection sets itself/],
    [{ headers: { 'x y': '1' } }, /^headers\.x y: is not the name of a header/],
    [{ headers: { x: 'a\r\nb: hunter2' } }, /^headers\.x: contains a character that is not allowed in headers/],
    [{ method: 'GET' }, /^method: /],
    [{ also_done: [200] }, /^also_done\.0: /],
  ])('%j', (settings, expected) => {
    const found = problems(settings)
    expect(found).toEqual([expect.stringMatching(expected)])
    expect(found[0]).not.toContain('hunter2')
  })
})
