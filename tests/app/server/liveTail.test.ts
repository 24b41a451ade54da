import { expect, test } from 'vitest'
import type { Stream } from '../../../lib/src/base/types/index.ts'
import { ownEngines } from './ownEngines.ts'
import { appendPrices, figure, ownCoin, platformOf, serving } from './served.ts'
import { connect, type Live, subscribed } from './webSocket.ts'

const engines = await ownEngines()

const nextPrice = async (live: Live) => ((await live.next('record')).data as { price: string }).price
const tokenNow = async (url: string) => {
  const live = await connect(url)
  live.send({ type: 'subscribe', channel: 'prices' })
  return (await live.next('subscribed')).resume as string
}

test('a client ahead of the tail of its server gets nothing twice once the tail has caught up', async () => {
  const gate = Promise.withResolvers<void>()
  const late = Object.create(engines.stream) as Stream
  late.describeTopics = (names) => engines.stream.describeTopics(names)
  late.read = async function* (options) {
    for await (const batch of engines.stream.read(options)) {
      if (!options.untilEnd) await gate.promise
      yield batch
    }
  }
  const quick = await serving(platformOf(engines))
  const { url } = await serving(platformOf({ ...engines, stream: late }))
  const id = ownCoin()
  const behind = await subscribed(url, { coins: [id] })
  const there = await subscribed(quick.url, { coins: [id] })
  await appendPrices(engines.stream, figure(id, 1), figure(id, 2))
  await there.next('record')
  const { resume: from } = await there.next('record')
  const further = await subscribed(url, { coins: [id], from })
  gate.resolve()
  expect([await nextPrice(behind), await nextPrice(behind)]).toEqual(['1', '2'])
  await appendPrices(engines.stream, figure(id, 3))
  expect(await nextPrice(behind)).toBe('3')
  expect(await nextPrice(further)).toBe('3')
  await appendPrices(engines.stream, figure(id, 4))
  expect(await nextPrice(further)).toBe('4')
})

test('new partitions of a topic are read from their beginning', async () => {
  let known = 1
  const growing = Object.create(engines.stream) as Stream
  growing.read = (options) => engines.stream.read(options)
  growing.describeTopics = async (names) =>
    (await engines.stream.describeTopics(names)).map((topic) => ({ ...topic, partitions: topic.partitions.slice(0, known) }))
  const whole = await serving(platformOf(engines))
  const from = await tokenNow(whole.url)
  const { url } = await serving(platformOf({ ...engines, stream: growing }))
  await subscribed(url, { coins: ['none'] })
  known = 2
  const coins = Array.from({ length: 20 }, ownCoin)
  const ends = await appendPrices(engines.stream, ...coins.map((id) => figure(id, 1)))
  expect(ends).toHaveLength(2)
  const live = await subscribed(url, { coins, from })
  for (let i = 0; i < 20; i++) expect(await nextPrice(live)).toBe('1')
  await appendPrices(engines.stream, ...coins.map((id) => figure(id, 2)))
  for (let i = 0; i < 20; i++) expect(await nextPrice(live)).toBe('2')
})

test('clients of a topic that is deleted and created again are cut off, and their tokens are refused', async () => {
  let id = 'first'
  let breakNow = () => {}
  const remade = Object.create(engines.stream) as Stream
  remade.describeTopics = async (names) => (await engines.stream.describeTopics(names)).map((topic) => ({ ...topic, id }))
  remade.read = async function* (options) {
    const stop = new AbortController()
    breakNow = () => stop.abort()
    yield* engines.stream.read({ ...options, signal: AbortSignal.any([stop.signal, options.signal!]) })
  }
  const { url } = await serving(platformOf({ ...engines, stream: remade }))
  const live = await connect(url)
  live.send({ type: 'subscribe', channel: 'prices' })
  const { resume } = await live.next('subscribed')
  await appendPrices(engines.stream, figure(ownCoin(), 1))
  await live.next('record')
  id = 'second'
  breakNow()
  expect(await live.closed).toEqual({ code: 1013, reason: 'the topic of prices was deleted and created again' })
  const back = await connect(url)
  back.send({ type: 'subscribe', channel: 'prices', from: resume })
  expect(await back.next('error')).toMatchObject({
    error: { field: 'from', message: expect.stringContaining('a deleted topic') },
  })
})
