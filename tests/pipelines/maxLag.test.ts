import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Price, price, QiError, type RowSink, type Stream, silentLogger } from '../../lib/src/base/types/index.ts'
import { openEmbeddedStream } from '../../lib/src/streaming/embedded/index.ts'
import { beyondBound, DeadLetters, DeliveryMember, describeBounds, groupOf } from '../../lib/src/streaming/pipelines/index.ts'
import { openRedpanda, RedpandaConfig } from '../../lib/src/streaming/redpanda/index.ts'
import { topicFor, unique } from '../contracts/stream/collector.ts'
import { testDatabase } from '../support/database.ts'
import { aPrice } from '../support/heldSubscription.ts'
import { sharedKafka } from '../support/kafka.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'

const { url } = await testDatabase()
const RECORDS = 20
const key = { pipeline: 'archive', destination: 'lake' }

test('a destination that cannot be opened: records beyond max_lag are skipped, one letter a range, and a replay delivers them', async () => {
  const stream = await openEmbeddedStream({ url })
  onTestFinished(() => stream.close())
  await stream.createTopics([price.topic], { partitions: 1 })
  const deadLetters = new DeadLetters(stream)
  let there = false
  const coins: string[] = []
  const sink: RowSink = {
    name: 'lake',
    guarantee: 'upsert',
    accepts: () => true,
    write: async (_type, records) => {
      coins.push(...(records as readonly unknown[] as readonly Price[]).map(({ coinId }) => coinId))
      return { written: records.length, failed: [] }
    },
    check: async () => ({ ok: true, summary: 'there' }),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
  const consumer = new DeliveryMember({
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

const MESSAGES = 400
const VALUE_BYTES = 10_000

/** Random bytes, which compression cannot make smaller. */
const messages = () => Array.from({ length: MESSAGES }, () => ({ key: null, value: randomBytes(VALUE_BYTES) }))

const sizeSuite = (open: () => Promise<Stream>) => () => {
  test('keeps the newest messages that fit into nine tenths of it, over all partitions and topics of the group', async () => {
    const stream = await open()
    onTestFinished(() => stream.close())
    const [one, two] = [await topicFor(stream, 'size-one', 2), await topicFor(stream, 'size-two', 1)]
    const group = unique('size')
    for (const topic of [one, two]) await stream.append(topic, messages())
    const own = [0, 1].map((partition) => ({ topic: one, partition })).concat({ topic: two, partition: 0 })
    const total = 2 * MESSAGES * VALUE_BYTES
    const found = (maxLagBytes: number) => beyondBound(stream, group, own, { maxLagMs: Number.POSITIVE_INFINITY, maxLagBytes })
    const kept = async (maxLagBytes: number) => {
      const skipped = (await found(maxLagBytes)).reduce((sum, { from, to }) => sum + Number(to - from), 0)
      return (2 * MESSAGES - skipped) * VALUE_BYTES
    }
    // A group without commits has everything unread.
    expect(await found(total * 1.1)).toEqual([])
    for (const bound of [total / 2, total / 8]) {
      expect(await kept(bound)).toBeLessThanOrEqual(0.9 * bound)
      expect(await kept(bound)).toBeGreaterThan(0.8 * bound)
    }
    const ranges = await found(total / 2)
    expect(ranges.map(({ topic, partition, from }) => ({ topic, partition, from }))).toEqual(
      own.map((at) => ({ ...at, from: 0n })),
    )
    await stream.resetOffsets(
      group,
      ranges.map(({ topic, partition, to }) => ({ topic, partition, offset: to })),
    )
    expect(await found(total / 2)).toEqual([])
    // A member skips only in partitions that it owns.
    expect(await beyondBound(stream, group, own.slice(2), { maxLagMs: 1e9, maxLagBytes: 1 })).toMatchObject([{ topic: two }])
  })
}

describe(
  'a bound by size, on the embedded log',
  sizeSuite(() => openEmbeddedStream({ url })),
)
describeWith(
  'kafka',
  'a bound by size, over Kafka',
  sizeSuite(async () => openRedpanda(RedpandaConfig.parse({ brokers: [await sharedKafka()] }))),
)

test('bounds are described in the units of the configuration', () => {
  const none = Number.POSITIVE_INFINITY
  expect(describeBounds({ maxLagMs: 7 * 86_400_000, maxLagBytes: 10e9 })).toBe('7d and 10GB')
  expect(describeBounds({ maxLagMs: 90_000, maxLagBytes: none })).toBe('90s')
  expect(describeBounds({ maxLagMs: none, maxLagBytes: 1536 })).toBe('1536B')
  expect(describeBounds({ maxLagMs: none, maxLagBytes: none })).toBe('none')
})
