import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { price, type Stream } from '../../../lib/src/base/types/index.ts'
import { openEmbeddedStream } from '../../../lib/src/streaming/index.ts'
import { testDatabase } from '../../support/database.ts'
import { liveEvents } from './eventSource.ts'
import { appendPrices, type Engines, figure, openEngines, platformOf, serving } from './served.ts'
import { connect, subscribed } from './webSocket.ts'

const { url: database } = await testDatabase()
let engines: Engines
let impatient: Awaited<ReturnType<typeof openEmbeddedStream>>
beforeAll(async () => {
  engines = await openEngines(database)
  impatient = await openEmbeddedStream({ url: database, retention_ms: 0 })
})
afterAll(async () => {
  await impatient.close()
  await engines[Symbol.asyncDispose]()
})

/** Drops all records, as retention does with old ones that every group has read. */
async function dropAll(stream: Stream): Promise<void> {
  const [topic] = await stream.describeTopics([price.topic])
  const positions = topic!.partitions.map(({ partition, latest }) => ({ topic: price.topic, partition, offset: latest }))
  await stream.resetOffsets('reads-all', positions)
  await impatient.dropExpired()
}

describe('records that the stream does not keep any more', () => {
  test('are reported to a client that resumes, with a remedy; then the oldest kept record follows', async () => {
    const { url } = await serving(platformOf(engines))
    const live = await connect(url)
    live.send({ type: 'subscribe', channel: 'prices', coins: ['one'] })
    await live.next('subscribed')
    await appendPrices(engines.stream, figure('one', 1))
    const { resume } = await live.next('record')
    live.socket.terminate()
    const [end] = await appendPrices(engines.stream, figure('one', 2), figure('one', 3))
    await dropAll(engines.stream)
    await appendPrices(engines.stream, figure('one', 4))
    const gone = {
      type: 'gone',
      channel: 'prices',
      partitions: [{ partition: end!.partition, from: Number(end!.offset) - 2, to: Number(end!.offset) }],
      since: expect.stringMatching(/^20.*Z$/),
      history: expect.stringMatching(/^\/api\/v1\/prices\?limit=all&from=20.*Z$/),
      message: expect.stringMatching(/not keep these records of prices any more; .* GET \/api/),
    }
    const back = await subscribed(url, { coins: ['one'], from: resume })
    const told = await back.next()
    expect(told).toEqual(gone)
    expect((await fetch(url + told.history)).status).toBe(200)
    expect(await back.next()).toMatchObject({ type: 'record', data: { price: '4' } })
    const events = await liveEvents(url, 'channel=prices&coins=one', { 'last-event-id': resume as string })
    expect(await events.next('gone')).toEqual(gone)
    expect(await events.next('record')).toMatchObject({ data: { price: '4' } })
    // Neither client gets a second message about the same records.
    const { resume: now } = await connectAndEnd(url)
    const again = await subscribed(url, { coins: ['one'], from: now })
    await appendPrices(engines.stream, figure('one', 5))
    expect(await again.next()).toMatchObject({ type: 'record', data: { price: '5' } })
  })

  test('are reported to a client that asks for a time before the oldest kept record', async () => {
    const { url } = await serving(platformOf(engines))
    await appendPrices(engines.stream, figure('two', 1))
    await dropAll(engines.stream)
    await appendPrices(engines.stream, figure('two', 2))
    const live = await subscribed(url, { coins: ['two'], from: '2026-01-01' })
    expect(await live.next()).toMatchObject({ type: 'gone', since: '2026-01-01T00:00:00.000Z' })
    expect(await live.next()).toMatchObject({ type: 'record', data: { price: '2' } })
  })

  test('are reported by a reader that retention overtakes', async () => {
    const { url } = await serving(platformOf(engines), { live: { bufferBytes: 64 * 1024 } })
    const start = await connectAndEnd(url)
    const many = (from: number) => Array.from({ length: 10_000 }, (_, i) => figure('three', from + i))
    for (let n = 0; n < 200_000; n += 10_000) await appendPrices(engines.stream, ...many(n))
    const slow = await subscribed(url, { coins: ['three'], from: start.resume })
    await slow.next('record')
    slow.socket.pause()
    await dropAll(engines.stream)
    await appendPrices(engines.stream, figure('three', 200_000))
    slow.socket.resume()
    let gone: Record<string, unknown> | undefined
    for (let message = await slow.next(); ; message = await slow.next()) {
      if (message.type === 'gone') gone = message
      else if ((message.data as { price: string }).price === '200000') break
    }
    expect(gone).toMatchObject({ channel: 'prices', history: expect.stringContaining('/api/v1/prices') })
  })
})

describe('clients that catch up', () => {
  test('are limited: further ones wait, and beyond that they are refused', async () => {
    const { url } = await serving(platformOf(engines), { live: { readers: 1, waitingReaders: 1, bufferBytes: 64 * 1024 } })
    const { resume: from } = await connectAndEnd(url)
    for (let n = 0; n < 100_000; n += 10_000)
      await appendPrices(engines.stream, ...Array.from({ length: 10_000 }, (_, i) => figure('four', n + i)))
    const first = await subscribed(url, { from })
    first.socket.pause()
    const second = await subscribed(url, { from })
    const third = await connect(url)
    third.send({ type: 'subscribe', channel: 'prices', from })
    expect(await third.next()).toMatchObject({
      type: 'error',
      error: {
        code: 'RATE_LIMITED',
        message: expect.stringMatching(/^too many clients catch up \(2\): try again later/),
        retryable: true,
      },
    })
    // A client at the tail needs no turn.
    third.send({ type: 'subscribe', channel: 'prices', coins: ['five'] })
    await third.next('subscribed')
    first.socket.terminate()
    expect(await second.next('record')).toMatchObject({ data: { coin_id: 'four', price: '0' } })
  })
})

async function connectAndEnd(url: string): Promise<Record<string, unknown>> {
  const live = await connect(url)
  live.send({ type: 'subscribe', channel: 'prices' })
  const message = await live.next('subscribed')
  live.socket.terminate()
  return message
}
