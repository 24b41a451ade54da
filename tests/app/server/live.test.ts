import { describe, expect, test } from 'vitest'
import { type Decimal, price, type Stream, trade } from '../../../lib/src/base/types/index.ts'
import { ownEngines } from './ownEngines.ts'
import { append, appendPrices, ownCoin, platformOf, priceOf, serving } from './served.ts'
import { connect, subscribed } from './webSocket.ts'

const engines = await ownEngines()

describe('subscriptions', () => {
  test('records appended after the acknowledgement arrive as the bytes of the stream', async () => {
    const { url } = await serving(platformOf(engines))
    const live = await connect(url)
    const id = ownCoin()
    live.send({ type: 'subscribe', id: 'a', channel: 'prices', coins: [id], sources: ['coingecko'], currencies: ['usd'] })
    expect(await live.next()).toEqual({
      type: 'subscribed',
      id: 'a',
      channel: 'prices',
      coins: [id],
      sources: ['coingecko'],
      currencies: ['usd'],
      batch: false,
      resume: expect.stringMatching(/^r1-/),
    })
    const wanted = priceOf(id)
    await appendPrices(
      engines.stream,
      priceOf(ownCoin()),
      priceOf(id, { source: 'other' }),
      priceOf(id, { currency: 'eur' }),
      wanted,
    )
    expect(await live.next()).toEqual({
      type: 'record',
      channel: 'prices',
      data: price.toWire(wanted),
      resume: expect.stringMatching(/^r1-/),
    })
  })

  test('several records come in one message with `batch`', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const live = await subscribed(url, { coins: [id], batch: true })
    await appendPrices(
      engines.stream,
      priceOf(id, { price: '1' as Decimal }),
      priceOf(id, { price: '2' as Decimal, time: 1_700_000_002_000_000 }),
    )
    expect(await live.next()).toMatchObject({ type: 'records', channel: 'prices', data: [{ price: '1' }, { price: '2' }] })
  })

  test('each record type has a channel, and one client may subscribe to several', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const live = await subscribed(url, { coins: [id] })
    live.send({ type: 'subscribe', channel: 'trades', coins: [id] })
    await live.next('subscribed')
    const { price: amount, ...common } = priceOf(id)
    await append(engines.stream, trade, [{ ...common, tradeId: '1', side: 'buy', price: amount, amount }])
    expect(await live.next('record')).toMatchObject({ channel: 'trades', data: { trade_id: '1' } })
    await appendPrices(engines.stream, priceOf(id))
    expect(await live.next('record')).toMatchObject({ channel: 'prices' })
  })

  test('a second subscription replaces the first; after unsubscribing no record comes', async () => {
    const { url } = await serving(platformOf(engines))
    const [first, second] = [ownCoin(), ownCoin()]
    const live = await subscribed(url, { coins: [first] })
    live.send({ type: 'subscribe', channel: 'prices', coins: [second] })
    await live.next('subscribed')
    await appendPrices(engines.stream, priceOf(first), priceOf(second))
    expect(await live.next()).toMatchObject({ data: { coin_id: second } })
    const other = await subscribed(url, { coins: [second] })
    live.send({ type: 'unsubscribe', channel: 'prices' })
    expect(await live.next()).toEqual({ type: 'unsubscribed', channel: 'prices' })
    await appendPrices(engines.stream, priceOf(second))
    await other.next('record')
    live.send({ type: 'ping' })
    expect(await live.next()).toEqual({ type: 'pong' })
  })

  test('invalid records are not forwarded', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const live = await subscribed(url, { coins: [id] })
    await engines.stream.append(price.topic, [{ key: `coingecko:${id}`, value: '{"price":"no"}' }])
    await appendPrices(engines.stream, priceOf(id))
    expect(await live.next()).toMatchObject({ type: 'record', data: { coin_id: id } })
  })
})

test.each([
  ['{', undefined, /JSON object/],
  ['[]', undefined, /JSON object/],
  ['{"type":"subscrib","channel":"prices"}', 'type', /"subscrib".*did you mean subscribe\?/],
  ['{"type":"subscribe","channel":"price"}', 'channel', /channel "price": expected one of prices/],
  ['{"type":"subscribe","channel":"prices","coin":"bitcoin"}', 'coin', /coin.*coins/],
  ['{"type":"subscribe","channel":"prices","coins":[]}', 'coins', /coins is empty/],
  ['{"type":"subscribe","channel":"prices","coins":7}', 'coins', /coins 7/],
  ['{"type":"unsubscribe","channel":"trades"}', 'channel', /no subscription to trades/],
])('%s is answered with an error, and the connection stays', async (message, field, text) => {
  const { url } = await serving(platformOf(engines))
  const live = await connect(url)
  live.send(message)
  expect(await live.next()).toEqual({
    type: 'error',
    error: {
      code: expect.stringMatching(/BAD_REQUEST|NOT_FOUND/),
      message: expect.stringMatching(text),
      retryable: false,
      ...(field && { field }),
    },
  })
  live.send({ type: 'ping', id: 'x' })
  expect(await live.next()).toEqual({ type: 'pong', id: 'x' })
})

describe('the tail', () => {
  test('is one for all clients, runs from the first subscription to the last, and ends with the server', async () => {
    let [running, started] = [0, 0]
    const counting = Object.create(engines.stream) as Stream
    counting.describeTopics = (names) => engines.stream.describeTopics(names)
    counting.read = async function* (options) {
      started++
      running++
      try {
        yield* engines.stream.read(options)
      } finally {
        running--
      }
    }
    const server = await serving(platformOf({ store: engines.store, stream: counting }))
    const id = ownCoin()
    const clients = [await subscribed(server.url, { coins: [id] }), await subscribed(server.url, { coins: [id] })]
    await appendPrices(engines.stream, priceOf(id))
    for (const live of clients) await live.next('record')
    expect([started, running]).toEqual([1, 1])
    for (const live of clients) live.send({ type: 'unsubscribe', channel: 'prices' })
    for (const live of clients) await live.next('unsubscribed')
    await expect.poll(() => running).toBe(0)
    await subscribed(server.url)
    await expect.poll(() => [started, running]).toEqual([2, 1])
    await server.close()
    expect(running).toBe(0)
  })

  test('resumes at its place when the stream is back, and tells the clients', async () => {
    let broken = false
    let breakNow = () => {}
    const fragile = Object.create(engines.stream) as Stream
    const check = () => {
      if (broken) throw new Error('the broker is gone')
    }
    fragile.describeTopics = async (names) => {
      check()
      return engines.stream.describeTopics(names)
    }
    fragile.read = async function* (options) {
      check()
      const stop = new AbortController()
      breakNow = () => stop.abort()
      yield* engines.stream.read({ ...options, signal: AbortSignal.any([stop.signal, options.signal!]) })
      check()
    }
    const { url } = await serving(platformOf({ store: engines.store, stream: fragile }))
    const id = ownCoin()
    const live = await subscribed(url, { coins: [id] })
    await appendPrices(engines.stream, priceOf(id, { price: '1' as Decimal }))
    expect(await live.next()).toMatchObject({ data: { price: '1' } })
    broken = true
    breakNow()
    expect(await live.next()).toMatchObject({ type: 'interrupted' })
    await appendPrices(engines.stream, priceOf(id, { price: '2' as Decimal }))
    broken = false
    expect(await live.next()).toEqual({ type: 'resumed' })
    expect(await live.next()).toMatchObject({ data: { price: '2' } })
  })

  test('a subscription while the stream is down is refused, and may be tried again', async () => {
    let broken = true
    const fragile = Object.create(engines.stream) as Stream
    fragile.read = (options) => engines.stream.read(options)
    fragile.describeTopics = async (names) => {
      if (broken) throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:9092'), { code: 'ECONNREFUSED' })
      return engines.stream.describeTopics(names)
    }
    const { url } = await serving(platformOf({ store: engines.store, stream: fragile }))
    const live = await connect(url)
    live.send({ type: 'subscribe', channel: 'prices' })
    const { error } = (await live.next('error')) as { error: { message: string } }
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    expect(error.message).not.toContain('10.0.0.7')
    broken = false
    live.send({ type: 'subscribe', channel: 'prices' })
    expect(await live.next()).toMatchObject({ type: 'subscribed' })
  })
})

test('a client that does not read loses records and is told how many; others lose none', async () => {
  const { url } = await serving(platformOf(engines), { live: { bufferBytes: 1024 * 1024 } })
  const id = ownCoin()
  const slow = await subscribed(url, { coins: [id] })
  const quick = await subscribed(url, { coins: [id] })
  slow.socket.pause()
  // More than the buffers of two sockets hold.
  const total = 60_000
  for (let sent = 0; sent < total; sent += 10_000)
    await appendPrices(
      engines.stream,
      ...Array.from({ length: 10_000 }, (_, i) => priceOf(id, { time: 1_700_000_000_000_000 + sent + i })),
    )
  for (let received = 0; received < total; received++) await quick.next('record')
  slow.socket.resume()
  let got = 0
  for (let message = await slow.next(); ; message = await slow.next()) {
    if (message.type === 'record') got++
    else {
      expect(message).toMatchObject({ type: 'dropped', channel: 'prices' })
      expect(got + (message.records as number)).toBe(total)
      break
    }
  }
  expect(got).toBeLessThan(total)
})

test('a silent client is dropped', async () => {
  const { url } = await serving(platformOf(engines), { live: { pingMs: 50 } })
  const silent = await connect(url, { autoPong: false })
  expect((await silent.closed).code).toBe(1006)
})

test('clients are limited', async () => {
  const { url } = await serving(platformOf(engines), { live: { clients: 2 } })
  await connect(url)
  await connect(url)
  await expect(connect(url)).rejects.toThrow('refused with 429')
})
