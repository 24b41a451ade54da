import { Admin } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Message, type Stream, silentLogger } from '../../../lib/src/base/types/index.ts'
import { openRedpanda, parseRedpandaConfig } from '../../../lib/src/streaming/redpanda/index.ts'
import { failure, Member, range, readAll, type Seen, topicFor, unique } from '../../contracts/stream/collector.ts'
import { type Kafka, startKafka } from '../../support/kafka.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'

const KEYS = 20
const TOTAL = 20_000
const BATCH = 100

const batchFrom = (from: number): Message[] =>
  Array.from({ length: BATCH }, (_, i) => ({ key: `key-${(from + i) % KEYS}`, value: `${from + i} ${'x'.repeat(100)}` }))

const numberOf = ({ value }: Seen): number => Number.parseInt(value.toString(), 10)

/** Appends batch after batch; the fault runs beside it once `at` messages are acknowledged. */
async function appendAll(stream: Stream, topic: string, at: number, fault: () => Promise<void>): Promise<void> {
  let broken: Promise<void> | undefined
  for (let from = 0; from < TOTAL; from += BATCH) {
    const appended = stream.append(topic, batchFrom(from))
    if (from === at) broken = fault()
    await appended
  }
  await broken
}

/** Expects every message once, in the order of the appends of its key. */
function expectEachOnceInOrder(seen: readonly Seen[]): void {
  for (const [key, messages] of Map.groupBy(seen, (message) => message.key))
    expect(messages.map(numberOf), `key ${key}`).toEqual(range(TOTAL).filter((i) => `key-${i % KEYS}` === key))
  expect(seen).toHaveLength(TOTAL)
}

describeWith('kafka', 'redpanda through faults of the broker', () => {
  let kafka: Kafka

  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka?.stop())

  const open = async (settings: Record<string, unknown> = {}): Promise<Stream> => {
    const stream = await openRedpanda(parseRedpandaConfig({ brokers: kafka.brokers, delivery_timeout_ms: 300_000, ...settings }))
    onTestFinished(() => stream.close())
    return stream
  }

  const restart = async () => {
    await kafka.kill9()
    await kafka.restart()
  }

  /** Removes the members from the group, like the coordinator after a session timeout. */
  const throwOut = async (group: string) => {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [{ host: '127.0.0.1', port: kafka.port }] })
    const described = (await admin.describeGroups({ groups: [group] })).get(group)
    const members = [...(described?.members.keys() ?? [])].map((memberId) => ({ memberId }))
    expect(members).toHaveLength(1)
    await admin.removeMembersFromConsumerGroup({ groupId: group, members })
    await admin.close()
  }

  test('kill -9 during appends: every message is stored once, in order of its key', async () => {
    const stream = await open()
    const topic = await topicFor(stream, 'kill-append')
    await appendAll(stream, topic, TOTAL / 4, restart)
    expectEachOnceInOrder(await readAll(stream, topic))
  })

  test('a broker that hangs for longer than the request timeout: no message is stored twice', async () => {
    const stream = await open({ request_timeout_ms: 1_000 })
    const topic = await topicFor(stream, 'stop-append')
    await appendAll(stream, topic, TOTAL / 4, async () => {
      process.kill(kafka.pid, 'SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      process.kill(kafka.pid, 'SIGCONT')
    })
    expectEachOnceInOrder(await readAll(stream, topic))
  })

  test('kill -9 during consuming: the subscription recovers by itself, and repeats uncommitted messages at most', async () => {
    const stream = await open()
    const topic = await topicFor(stream, 'kill-consume')
    for (let from = 0; from < TOTAL; from += BATCH) await stream.append(topic, batchFrom(from))
    const group = unique('kill-consume')
    const member = await Member.join(stream, { group, topics: [topic], maxBytes: 20_000 })
    await member.count(TOTAL / 4)
    await restart()
    const distinct = new Set<number>()
    let looked = 0
    await member.until((seen) => {
      for (; looked < seen.length; looked++) distinct.add(numberOf(seen[looked] as Seen))
      return distinct.size === TOTAL
    }, 'all messages')
    const largest = Math.max(...member.batches.map((batch) => batch.length))
    expect(member.seen.length - TOTAL).toBeLessThanOrEqual(largest)
    for (const [key, messages] of Map.groupBy(member.seen, (message) => message.key)) {
      const firsts = [...new Set(messages.map(numberOf))]
      expect(firsts, `key ${key}`).toEqual(firsts.toSorted((a, b) => a - b))
    }
    await expect.poll(async () => (await stream.lag(group)).every(({ lag }) => lag === 0n)).toBe(true)
  })

  test('a membership that was lost, and that nobody took over, continues at its position: no message is delivered again', async () => {
    const joined: unknown[] = []
    const logger = { ...silentLogger, child: () => logger, info: (...line: unknown[]) => void joined.push(line) }
    const stream = await openRedpanda(parseRedpandaConfig({ brokers: kafka.brokers }), { logger })
    onTestFinished(() => stream.close())
    const topic = await topicFor(stream, 'lost-place', 2)
    const group = unique('lost-place')
    await stream.append(topic, batchFrom(0))
    const member = await Member.join(stream, { group, topics: [topic], maxBytes: 2_000 }, { commit: false })
    await member.count(BATCH)
    await member.subscription.commit(member.batches.slice(0, 2).map((batch) => batch.next))
    const places = joined.length
    await throwOut(group)
    await until(() => joined.length > places, 'the member to join again')
    await stream.append(topic, batchFrom(BATCH))
    await member.count(2 * BATCH)
    expect(member.batches.every((batch) => member.subscription.holds(batch))).toBe(true)
    expect(member.seen.map(numberOf).toSorted((a, b) => a - b)).toEqual(range(2 * BATCH))
    await member.subscription.commit(member.batches.map((batch) => batch.next))
    expect((await stream.lag(group)).every(({ lag }) => lag === 0n)).toBe(true)
  })

  test('a read without a group recovers from kill -9', async () => {
    const stream = await open()
    const topic = await topicFor(stream, 'kill-read', 1)
    await stream.append(topic, batchFrom(0))
    const controller = new AbortController()
    const iterator = stream.read({ topics: [topic], from: 'earliest', signal: controller.signal })[Symbol.asyncIterator]()
    expect((await iterator.next()).value?.firstOffset).toBe(0n)
    const next = iterator.next()
    await restart()
    await stream.append(topic, batchFrom(BATCH))
    expect((await next).value?.firstOffset).toBe(BigInt(BATCH))
    controller.abort()
  })

  test('while the broker is down an append fails after the delivery timeout, and works again once it is back', async () => {
    const stream = await open({ delivery_timeout_ms: 3_000 })
    const topic = await topicFor(stream, 'away', 1)
    await stream.append(topic, [{ key: 'a', value: 'before' }])
    await kafka.kill9()
    const started = performance.now()
    const error = await failure(stream.append(topic, [{ key: 'a', value: 'during' }]))
    // The default timeout would be minutes.
    expect(performance.now() - started).toBeLessThan(45_000)
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, message: expect.stringContaining('REDPANDA_BROKERS') })
    expect(await stream.check()).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } })
    await kafka.restart()
    // A broker that has started may not lead its partitions yet; a client with a longer timeout waits for that.
    expect(await readAll(await open(), topic)).toHaveLength(1)
    await stream.append(topic, [{ key: 'a', value: 'after' }])
    expect((await readAll(stream, topic)).map(({ value }) => value.toString())).toEqual(['before', 'after'])
    expect(await stream.check()).toMatchObject({ ok: true })
  })

  test('closing while the broker is down takes seconds', async () => {
    const stream = await open()
    const topic = await topicFor(stream, 'close-away', 1)
    const member = await Member.join(stream, { group: unique('close-away'), topics: [topic] })
    await kafka.kill9()
    const waiting = failure(stream.append(topic, [{ key: 'a', value: 'b' }]))
    const started = performance.now()
    await stream.close()
    await member.ended
    // Append and commit would be retried for minutes.
    expect(performance.now() - started).toBeLessThan(45_000)
    expect(['CLOSED', 'UNAVAILABLE']).toContain((await waiting).code)
    await kafka.restart()
  })
})
