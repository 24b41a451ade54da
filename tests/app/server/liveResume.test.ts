import { describe, expect, test } from 'vitest'
import { price, type Stream, trade } from '../../../lib/src/base/types/index.ts'
import { liveEvents } from './eventSource.ts'
import { ownEngines } from './ownEngines.ts'
import { append, appendPrices, figure, ownCoin, platformOf, serving } from './served.ts'
import { connect, type Live, subscribed } from './webSocket.ts'

const engines = await ownEngines()

const figures = (id: string, from: number, to: number) => Array.from({ length: to - from }, (_, i) => figure(id, from + i))

interface Told {
  readonly type: string
  readonly data: { readonly price: string } & readonly { readonly price: string }[]
  readonly resume: string
}
const nextRecord = async (live: Live) => (await live.next('record')) as unknown as Told
const pricesOf = async (live: Live, count: number): Promise<number[]> => {
  const found: number[] = []
  while (found.length < count) found.push(Number((await nextRecord(live)).data.price))
  return found
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe('a client that resumes with a token', () => {
  test('of any message gets every later record once, also from a new server', async () => {
    const first = await serving(platformOf(engines))
    const id = ownCoin()
    const live = await connect(first.url)
    live.send({ type: 'subscribe', channel: 'prices', coins: [id] })
    const tokens = [(await live.next('subscribed')).resume as string]
    await appendPrices(engines.stream, ...figures(id, 0, 5))
    for (let i = 0; i < 5; i++) tokens.push((await nextRecord(live)).resume)
    await first.close()
    await appendPrices(engines.stream, ...figures(id, 5, 10))
    const { url } = await serving(platformOf(engines))
    for (const [seen, from] of tokens.entries()) {
      const back = await subscribed(url, { coins: [id], from })
      expect(await pricesOf(back, 10 - seen)).toEqual(range(seen, 10))
      back.send({ type: 'ping' })
      expect(await back.next()).toEqual({ type: 'pong' })
      back.socket.terminate()
    }
  })

  test('resumes in the middle of a message with several records', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const live = await connect(url)
    live.send({ type: 'subscribe', channel: 'prices', coins: [id], batch: true })
    const start = (await live.next('subscribed')).resume as string
    await appendPrices(engines.stream, ...figures(id, 0, 1_700))
    const back = await subscribed(url, { coins: [id], batch: true, from: start })
    let from = start
    const seen: number[] = []
    while (seen.length < 700) {
      const { data, resume } = (await back.next('records')) as unknown as Told
      seen.push(...data.map((row) => Number(row.price)))
      from = resume
    }
    expect(seen.length).toBeLessThan(1_700)
    const again = await subscribed(url, { coins: [id], batch: true, from })
    while (seen.length < 1_700)
      seen.push(...((await again.next('records')) as unknown as Told).data.map((row) => Number(row.price)))
    expect(seen).toEqual(range(0, 1_700))
  })

  test('catches up over many records while others are served, and joins them exactly', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const start = await connect(url)
    start.send({ type: 'subscribe', channel: 'prices', coins: [id] })
    const from = (await start.next('subscribed')).resume as string
    start.socket.terminate()
    const total = 60_000
    let appended = 0
    const more = async (upTo: number) => {
      for (; appended < upTo; appended += 5_000) await appendPrices(engines.stream, ...figures(id, appended, appended + 5_000))
    }
    await more(30_000)
    const back = await subscribed(url, { coins: [id], from })
    const appending = more(total)
    expect(await pricesOf(back, total)).toEqual(range(0, total))
    await appending
    // At the tail now: each new record arrives once.
    await appendPrices(engines.stream, figure(id, total))
    expect(await pricesOf(back, 1)).toEqual([total])
  })

  test('gets records that were dropped for it', async () => {
    const { url } = await serving(platformOf(engines), { live: { bufferBytes: 256 * 1024 } })
    const id = ownCoin()
    const slow = await subscribed(url, { coins: [id] })
    const quick = await subscribed(url, { coins: [id] })
    slow.socket.pause()
    const total = 60_000
    for (let n = 0; n < total; n += 10_000) await appendPrices(engines.stream, ...figures(id, n, n + 10_000))
    await pricesOf(quick, total)
    slow.socket.resume()
    const seen: number[] = []
    let message = await slow.next()
    for (; message.type === 'record'; message = await slow.next()) seen.push(Number((message as unknown as Told).data.price))
    expect(message).toMatchObject({ type: 'dropped', channel: 'prices', records: total - seen.length })
    slow.send({ type: 'subscribe', channel: 'prices', coins: [id], from: message.resume })
    await slow.next('subscribed')
    seen.push(...(await pricesOf(slow, total - seen.length)))
    expect(seen).toEqual(range(0, total))
  })
})

test('a client that gave `from` and is too slow for the tail catches up: nothing is dropped', async () => {
  const { url } = await serving(platformOf(engines), { live: { bufferBytes: 256 * 1024 } })
  const id = ownCoin()
  const slow = await subscribed(url, { coins: [id], from: new Date().toISOString() })
  const quick = await subscribed(url, { coins: [id] })
  const events = await liveEvents(url, `channel=prices&coins=${id}`)
  await events.next('subscribed')
  slow.socket.pause()
  const total = 60_000
  for (let n = 0; n < total; n += 10_000) await appendPrices(engines.stream, ...figures(id, n, n + 10_000))
  await pricesOf(quick, total)
  slow.socket.resume()
  expect(await pricesOf(slow, total)).toEqual(range(0, total))
  const seen: number[] = []
  while (seen.length < total) seen.push(Number(((await events.next('record')) as unknown as Told).data.price))
  expect(seen).toEqual(range(0, total))
})

describe('from a time', () => {
  test('gets the records appended since', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    await appendPrices(engines.stream, figure(id, 0))
    const since = await nextMoment(engines.stream, id)
    await appendPrices(engines.stream, figure(id, 1))
    const live = await subscribed(url, { coins: [id], from: since })
    await appendPrices(engines.stream, figure(id, 2))
    expect(await pricesOf(live, 2)).toEqual([1, 2])
    const relative = await subscribed(url, { coins: [id], from: '-1h30m' })
    expect(await pricesOf(relative, 3)).toEqual([0, 1, 2])
  })

  test.each([
    ['2099-01-01', /from "2099-01-01" lies in the future/],
    ['soon', /from: "soon" is not a time.*"resume"/],
    ['r1-AAAA', /from "r1-AAAA…": this resume token was cut or changed/],
  ])('%s is refused, and the earlier subscription stays', async (from, message) => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    const live = await subscribed(url, { coins: [id] })
    live.send({ type: 'subscribe', channel: 'prices', from })
    expect(await live.next()).toMatchObject({
      type: 'error',
      error: { code: 'BAD_REQUEST', field: 'from', message: expect.stringMatching(message), retryable: false },
    })
    await appendPrices(engines.stream, figure(id, 1))
    expect(await pricesOf(live, 1)).toEqual([1])
    const { status, body } = await getProblem(`${url}/api/v1/live?channel=prices&from=${from}`)
    expect([status, body.field]).toEqual([400, 'from'])
    expect(body.detail).toMatch(message)
  })
})

describe('a snapshot', () => {
  test('comes before the records after it; a client of events gets the same', async () => {
    const { url } = await serving(platformOf(engines))
    const id = ownCoin()
    await engines.store.timescale.upsert(price, [figure(id, 1)])
    const subscription = { coins: [id], snapshot: true }
    const live = await connect(url)
    live.send({ type: 'subscribe', channel: 'prices', ...subscription })
    expect(await live.next()).not.toHaveProperty('resume')
    const snapshot = (await live.next()) as unknown as Told
    expect(snapshot).toMatchObject({ type: 'snapshot', channel: 'prices', complete: true, data: [{ coin_id: id, price: '1' }] })
    await appendPrices(engines.stream, figure(id, 2))
    expect(await pricesOf(live, 1)).toEqual([2])
    const back = await subscribed(url, { coins: [id], from: snapshot.resume })
    expect(await pricesOf(back, 1)).toEqual([2])
    const events = await liveEvents(url, `channel=prices&coins=${id}&snapshot=true`)
    expect(await events.next('snapshot')).toMatchObject({ complete: true, data: [{ price: '1' }] })
    await appendPrices(engines.stream, figure(id, 3))
    expect(await events.next('record')).toMatchObject({ data: { price: '3' } })
  })

  test('misses no record that was appended and not yet stored', async () => {
    const id = ownCoin()
    const group = `stores-${id}`
    // One is stored and acknowledged, the next is not.
    const subscription = await engines.stream.subscribe({ group, topics: [price.topic], from: 'latest' })
    await expect.poll(() => subscription.assignments().length).toBeGreaterThan(0)
    await appendPrices(engines.stream, figure(id, 1))
    for await (const batch of subscription) {
      await subscription.commit([batch.next])
      if (batch.keys.some((key) => key?.endsWith(id))) break
    }
    await subscription.close()
    await engines.store.timescale.upsert(price, [figure(id, 1)])
    await appendPrices(engines.stream, figure(id, 2))
    const platform = platformOf(engines)
    const consumers = platform.getStatus().consumers.map((one) => ({ ...one, group }))
    const { url } = await serving({ ...platform, getStatus: () => ({ ...platform.getStatus(), consumers }) })
    const live = await subscribed(url, { coins: [id], snapshot: true })
    expect(await live.next('snapshot')).toMatchObject({ data: [{ price: '1' }] })
    expect(await pricesOf(live, 1)).toEqual([2])
  })

  test('is refused for a channel without snapshots', async () => {
    const { url } = await serving(platformOf(engines))
    const live = await connect(url)
    live.send({ type: 'subscribe', channel: 'trades', snapshot: true })
    expect(await live.next()).toMatchObject({
      type: 'error',
      error: { field: 'snapshot', message: /only the channel prices has one/ },
    })
    const { status, body } = await getProblem(`${url}/api/v1/live?channel=trades&snapshot=true`)
    expect([status, body.field]).toEqual([400, 'snapshot'])
  })
})

test('a client without matching records is told how far the stream was read', async () => {
  const { url } = await serving(platformOf(engines), { live: { pingMs: 20 } })
  const [id, other] = [ownCoin(), ownCoin()]
  const live = await connect(url)
  live.send({ type: 'subscribe', channel: 'prices', coins: [id] })
  const { resume } = await live.next('subscribed')
  await appendPrices(engines.stream, figure(other, 1))
  const position = await live.next('position')
  expect(position.resume).not.toBe(resume)
  const back = await subscribed(url, { coins: [other], from: position.resume })
  await appendPrices(engines.stream, figure(other, 2))
  expect(await pricesOf(back, 1)).toEqual([2])
})

test('each channel has its own tokens', async () => {
  const { url } = await serving(platformOf(engines))
  const id = ownCoin()
  const live = await connect(url)
  live.send({ type: 'subscribe', channel: 'trades', coins: [id] })
  const { resume } = await live.next('subscribed')
  const { price: amount, ...common } = figure(id, 1)
  await append(engines.stream, trade, [{ ...common, tradeId: '1', side: 'buy', price: amount, amount }])
  live.send({ type: 'subscribe', channel: 'prices', from: resume })
  expect(await live.next('error')).toMatchObject({ error: { field: 'from', message: /of the channel trades/ } })
  live.send({ type: 'subscribe', channel: 'trades', coins: [id], from: resume })
  expect(await live.next('record')).toMatchObject({ data: { trade_id: '1' } })
})

/** A time after everything appended so far, by the clock of the log. */
async function nextMoment(stream: Stream, id: string): Promise<string> {
  let last = 0
  for await (const batch of stream.read({ topics: [price.topic], from: 'earliest', untilEnd: true }))
    if (batch.keys.some((key) => key?.endsWith(id))) last = batch.timestamps.at(-1) ?? last
  await expect.poll(() => Date.now()).toBeGreaterThan(last + 1)
  return new Date(last + 1).toISOString()
}

async function getProblem(url: string): Promise<{ readonly status: number; readonly body: Record<string, string> }> {
  const response = await fetch(url)
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}
