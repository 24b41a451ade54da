import { expect, onTestFinished, test } from 'vitest'
import { type Price, price, QiError, type RowSink, silentLogger } from '../../lib/src/base/index.ts'
import { openEmbeddedStream } from '../../lib/src/streaming/embedded/index.ts'
import { Consumer, DeadLetters, groupOf } from '../../lib/src/streaming/pipelines/index.ts'
import { testDatabase } from '../support/database.ts'
import { aPrice } from '../support/heldSubscription.ts'
import { until } from '../support/until.ts'

const { url } = await testDatabase()
const RECORDS = 20
const key = { pipeline: 'archive', destination: 'lake' }

test('beyond max_lag a destination that cannot be opened is skipped past: one letter a range, which delivers what the log still holds', async () => {
  const stream = await openEmbeddedStream({ url })
  onTestFinished(() => stream.close())
  await stream.createTopics([price.topic], { partitions: 1 })
  const deadLetters = new DeadLetters(stream)
  let there = false
  const coins: string[] = []
  const sink: RowSink = {
    name: 'lake',
    delivery: 'upsert',
    accepts: () => true,
    write: async (_type, records) => {
      coins.push(...(records as readonly unknown[] as readonly Price[]).map(({ coinId }) => coinId))
      return { written: records.length, failed: [] }
    },
    check: async () => ({ ok: true, summary: 'there' }),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
  const consumer = new Consumer({
    ...{ ...key, topics: [price.topic], stream, deadLetters, logger: silentLogger },
    open: async () => {
      if (there) return sink
      throw new QiError('UNAVAILABLE', 'it cannot be opened')
    },
    settings: { maxLagMs: 1_000, lagEveryMs: 50 },
  })
  const messages = Array.from({ length: RECORDS }, (_, i) => ({ key: 'a', value: price.encode(aPrice(i)) }))
  await stream.append(price.topic, messages)
  const stop = new AbortController()
  const running = consumer.run(stop.signal)
  onTestFinished(() => stop.abort())

  await until(() => consumer.stats().skipped === RECORDS, 'the records to be skipped')
  const [letter, ...others] = await deadLetters.list({ destination: 'lake' })
  expect(others).toEqual([])
  expect(letter).toMatchObject({ ...key, stage: 'skipped', partition: 0, offset: 0n, lastOffset: BigInt(RECORDS - 1) })
  expect(await stream.lag(groupOf(key))).toMatchObject([{ offset: BigInt(RECORDS), lag: 0n }])
  there = true
  await until(() => consumer.stats().state === 'running', 'the destination to be there')
  expect(coins).toEqual([])
  expect(await deadLetters.replay({ ids: [letter?.id as string] })).toEqual({ replayed: RECORDS, refused: [] })
  await until(() => coins.length === RECORDS, 'the records to be delivered')
  expect(await deadLetters.list({ destination: 'lake', pending: true })).toEqual([])
  stop.abort()
  await running
})
