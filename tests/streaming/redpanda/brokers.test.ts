import { Admin } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Message, type Stream, toQiError } from '../../../lib/src/base/types/index.ts'
import { openRedpanda, parseRedpandaConfig } from '../../../lib/src/streaming/redpanda/index.ts'
import { Member, range, readAll, type Seen, topicFor, unique } from '../../contracts/stream/collector.ts'
import { type Kafka, startKafka } from '../../support/kafka.ts'
import { describeWith } from '../../support/services.ts'

const KEYS = 30
const TOTAL = 12_000
const BATCH = 100

const batchFrom = (from: number): Message[] =>
  Array.from({ length: BATCH }, (_, i) => ({ key: `key-${(from + i) % KEYS}`, value: `${from + i} ${'x'.repeat(100)}` }))
const numberOf = ({ value }: Seen): number => Number.parseInt(value.toString(), 10)

/** Appends like a publisher: retryable errors are retried. */
async function appendUntilDone(stream: Stream, topic: string, messages: readonly Message[]): Promise<void> {
  for (;;) {
    const error = await stream.append(topic, messages).then(
      () => undefined,
      (failed: unknown) => toQiError(failed),
    )
    if (!error) return
    if (!error.retryable) throw error
  }
}

describeWith('kafka', 'redpanda on two brokers', () => {
  let first: Kafka
  let second: Kafka

  beforeAll(async () => {
    const properties = { 'offsets.topic.replication.factor': 2, 'leader.imbalance.check.interval.seconds': 1 }
    first = await startKafka({ properties })
    second = await startKafka({ properties, joins: first })
  })
  afterAll(async () => {
    await second?.stop()
    await first?.stop()
  })

  /** @param deliveryMs short for a producer, because it retries; longer for a member, whose commit may wait until the coordinator moves */
  const open = async (deliveryMs: number) => {
    const stream = await openRedpanda(
      parseRedpandaConfig({
        brokers: `${first.brokers},${second.brokers}`,
        replication_factor: 2,
        delivery_timeout_ms: deliveryMs,
      }),
    )
    onTestFinished(() => stream.close())
    return stream
  }

  const leadersOf = async (topic: string): Promise<Set<number>> => {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [{ host: '127.0.0.1', port: first.port }] })
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
    await admin.close()
    return new Set(topics.get(topic)?.partitions.map(({ leader }) => leader))
  }
  const ledBy = (topic: string, leaders: readonly number[]) => expect.poll(() => leadersOf(topic)).toEqual(new Set(leaders))

  test('partitions of both are read, also after one broker dies and after it leads again', async () => {
    const stream = await open(3_000)
    const reading = await open(300_000)
    const topic = await topicFor(stream, 'brokers', 6)
    await ledBy(topic, [1, 2])
    const member = await Member.join(reading, { group: unique('brokers'), topics: [topic], maxBytes: 50_000 })
    const append = async (from: number, to: number) => {
      for (let i = from; i < to; i += BATCH) await appendUntilDone(stream, topic, batchFrom(i))
    }
    const distinct = new Set<number>()
    let looked = 0
    const until = (count: number) =>
      member.until((seen) => {
        for (; looked < seen.length; looked++) distinct.add(numberOf(seen[looked] as Seen))
        return distinct.size >= count
      }, `${count} messages`)

    await append(0, TOTAL / 3)
    await second.kill9()
    await append(TOTAL / 3, (2 * TOTAL) / 3)
    await until((2 * TOTAL) / 3)
    await ledBy(topic, [1])
    await second.restart()
    await ledBy(topic, [1, 2])
    await append((2 * TOTAL) / 3, TOTAL)
    await until(TOTAL)

    for (const [key, messages] of Map.groupBy(member.seen, (message) => message.key)) {
      const firsts = [...new Set(messages.map(numberOf))]
      expect(firsts, `key ${key}`).toEqual(range(TOTAL).filter((i) => `key-${i % KEYS}` === key))
    }
    expect(new Set((await readAll(stream, topic)).map(numberOf)).size).toBe(TOTAL)
  })
})
