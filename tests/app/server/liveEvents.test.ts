import { describe, expect, test } from 'vitest'
import { price } from '../../../lib/src/base/types/index.ts'
import { metricsOf } from '../../support/metrics.ts'
import { answerOf } from './documented.ts'
import { liveEvents } from './eventSource.ts'
import { ownEngines } from './ownEngines.ts'
import { appendPrices, figure, getJson, ownCoin, platformOf, priceOf, serving } from './served.ts'
import { connect } from './webSocket.ts'

const engines = await ownEngines()

describe('live records as server-sent events', () => {
  test('are the messages of the WebSocket with their tokens as ids; a client with the last id resumes there', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const events = await liveEvents(url, `channel=prices&coins=${id},other&currencies=usd`)
    expect(events.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(events.headers.get('content-encoding')).toBeNull()
    const subscribed = await events.next()
    expect(subscribed).toMatchObject({
      type: 'subscribed',
      channel: 'prices',
      coins: [id, 'other'],
      currencies: ['usd'],
      batch: false,
    })
    expect(events.lastId).toBe(subscribed.resume)
    await appendPrices(engines.stream, figure(id, 1), priceOf(id, { currency: 'eur' }), figure(id, 2))
    const record = await events.next()
    expect(record).toMatchObject({ type: 'record', data: { price: '1' } })
    expect(events.lastId).toBe(record.resume)
    const last = { 'last-event-id': events.lastId as string }
    await events.close()
    // EventSource repeats its first address: the header takes precedence.
    const back = await liveEvents(url, `channel=prices&coins=${id}&currencies=usd&snapshot=true&from=2026-01-01`, last)
    expect((await back.next()).type).toBe('subscribed')
    expect(await back.next()).toMatchObject({ type: 'record', data: { price: '2' } })
  })

  test.each(['/USDT', '/USDT:USDT', ':XNAS'])(
    'are those of an id with %s, in an address as it is or encoded, and over the WebSocket',
    async (rest) => {
      const { url } = await serving(platformOf(engines))
      const id = `${ownCoin().toUpperCase()}${rest}`
      const plain = await liveEvents(url, `channel=prices&coins=${id}`)
      const encoded = await liveEvents(url, `channel=prices&coins=${encodeURIComponent(id)}`)
      const live = await connect(url)
      live.send({ type: 'subscribe', channel: 'prices', coins: [id] })
      for (const client of [plain, encoded, live]) expect(await client.next('subscribed')).toMatchObject({ coins: [id] })
      await appendPrices(engines.stream, priceOf(id.split(/[/:]/)[0] as string), figure(id, 3))
      for (const client of [plain, encoded, live])
        expect(await client.next('record')).toMatchObject({ data: { coin_id: id, price: '3' } })
    },
  )

  test('have several records in one message with `batch`', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const events = await liveEvents(url, `channel=prices&coins=${id}&batch=true`)
    await events.next('subscribed')
    await appendPrices(engines.stream, figure(id, 1), figure(id, 2))
    expect(await events.next()).toMatchObject({ type: 'records', data: [{ price: '1' }, { price: '2' }] })
  })

  test('are one line each, whatever the line breaks of the record', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const events = await liveEvents(url, `channel=prices&coins=${id}`)
    await events.next('subscribed')
    const wire = price.toWire(figure(id, 7))
    await engines.stream.append(price.topic, [
      { key: `coingecko:${id}`, value: JSON.stringify(wire, undefined, 2).replaceAll('\n', '\r\n') },
    ])
    expect(await events.next()).toMatchObject({ type: 'record', data: wire })
  })

  test('end with the server', async () => {
    const server = await serving(platformOf(engines))
    const events = await liveEvents(server.url, 'channel=prices')
    await events.next('subscribed')
    await server.close()
    await expect(events.next()).rejects.toThrow('the stream has ended')
  })

  test('count as live clients and in metrics; a client that leaves frees its seat', async () => {
    const { url } = await serving(platformOf(engines), { live: { clients: 1 } })
    const events = await liveEvents(url, 'channel=prices')
    await events.next('subscribed')
    await expect(connect(url)).rejects.toThrow('refused with 429')
    const { status, body, headers } = await getJson(`${url}/api/v1/live?channel=prices`)
    expect([status, headers.get('retry-after')]).toEqual([429, '10'])
    answerOf('/api/v1/live', 429)(body)
    const clients = async () => (await metricsOf(url)).all('qicore_sse_clients').map(({ value }) => value)
    expect(await clients()).toEqual([1])
    await events.close()
    await expect.poll(clients).toEqual([0])
    await connect(url)
  })

  test('are refused as documented', async () => {
    const { url } = await serving(platformOf(engines))
    for (const [query, field] of [
      ['channel=price', 'channel'],
      ['channel=prices&coins=', 'coins'],
      ['channel=prices&snapshot=maybe', 'snapshot'],
      ['channel=prices&form=-1h', 'form'],
    ]) {
      const { status, body } = await getJson(`${url}/api/v1/live?${query}`)
      expect([status, (body as { field: string }).field]).toEqual([400, field])
      answerOf('/api/v1/live', 400)(body)
    }
    const { body } = await getJson(`${url}/api/v1/live?channel=prices`, { headers: { 'last-event-id': 'r1-nothing' } })
    expect(body).toMatchObject({ field: 'last-event-id', detail: expect.stringContaining('cut or changed') })
    expect((await fetch(`${url}/api/v1/live?channel=prices`, { method: 'HEAD' })).status).toBe(200)
  })
})
