import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Stream } from '../../../lib/src/base/types/index.ts'
import { toolNamed } from '../../../lib/src/mcp-tools/index.ts'
import { openEmbeddedStream } from '../../../lib/src/streaming/index.ts'
import { openRedpanda, parseRedpandaConfig } from '../../../lib/src/streaming/redpanda/index.ts'
import { testDatabase } from '../../support/database.ts'
import { sharedKafka } from '../../support/kafka.ts'
import { describeWith } from '../../support/services.ts'
import { type Linked, linkedToStream } from '../linkedTools.ts'

interface Topics {
  readonly done?: string
  readonly topics: readonly {
    readonly topic: string
    readonly messages: number
    readonly carries: string
    readonly bytes?: number
  }[]
  readonly count?: number
  readonly partitions?: readonly { readonly partition: number; readonly latest: string }[]
  readonly next?: string
}

interface Groups {
  readonly groups: readonly { readonly group: string; readonly state: string; readonly members: number; readonly lag: number }[]
  readonly members?: readonly { readonly holds: readonly string[] }[]
  readonly partitions?: readonly { readonly committed: string; readonly lag: number }[]
  readonly next?: string
}

const unique = (name: string): string => `${name}-${randomUUID()}`

function suite(open: () => Promise<Stream>): void {
  let stream: Stream
  let tools: Linked
  beforeAll(async () => {
    stream = await open()
    tools = await linkedToStream(stream)
  })
  afterAll(async () => {
    await tools[Symbol.asyncDispose]()
    await stream.close()
  })
  const names = async () => (await stream.describeTopics()).map(({ name }) => name)

  async function filled(name: string, messages: number, partitions = 2): Promise<string> {
    const topic = unique(name)
    await stream.createTopics([topic], { partitions })
    onTestFinished(() => stream.deleteTopics([topic]).catch(() => {}))
    if (messages > 0)
      await stream.append(
        topic,
        Array.from({ length: messages }, (_, i) => ({ key: `k${i}`, value: `message ${i}` })),
      )
    return topic
  }

  describe('manage_topics', () => {
    const ask = (input: Record<string, unknown> = {}) => tools.call<Topics>('manage_topics', input)
    const refused = (input: Record<string, unknown>) => tools.refused('manage_topics', input)

    test('creates a topic, describes it, and deletes it', async () => {
      const topic = unique('made')
      expect((await ask({ action: 'create', topic, partitions: 3 })).done).toBe(`created ${topic}`)
      await stream.append(topic, [{ key: 'a', value: 'x'.repeat(1000) }])
      const described = await ask({ action: 'describe', topic })
      expect(described.topics).toMatchObject([{ topic, messages: 1, carries: 'other' }])
      expect(described.topics[0]?.bytes).toBeGreaterThan(0)
      expect(described.partitions?.map(({ latest }) => Number(latest)).toSorted()).toEqual([0, 0, 1])
      expect(await refused({ action: 'create', topic })).toMatch(/^CONFLICT: topic .* exists already, with 3 partitions/)
      expect((await ask({ action: 'delete', topic })).done).toBe(`deleted ${topic} with 1 message`)
      await expect.poll(names).not.toContain(topic)
    })

    test('lists page by page', async () => {
      const made = await Promise.all(['a', 'b', 'c'].map((name) => filled(`page-${name}`, 0, 1)))
      const seen: string[] = []
      let next: string | undefined
      do {
        const page: Topics = await ask({ limit: 2, ...(next !== undefined && { after: next }) })
        expect(page.topics.length).toBeLessThanOrEqual(2)
        seen.push(...page.topics.map(({ topic }) => topic))
        next = page.next
      } while (next !== undefined)
      expect(seen).toEqual(expect.arrayContaining(made))
      expect(new Set(seen).size).toBe(seen.length)
    })

    test('warns of a topic of the platform, and says what to do about wrong arguments', async () => {
      const question = (topic: string) => toolNamed('manage_topics').question?.({ action: 'delete', topic })
      expect(question('crypto-trades')).toMatch(/^crypto-trades belongs to the platform: .*Delete it/)
      expect(question('crypto-trades.dlq')).toMatch(/belongs to the platform/)
      expect(question('others')).toBe('Delete the topic others with all its messages?')
      expect(await refused({ action: 'describe' })).toMatch(/^BAD_REQUEST: topic is missing/)
      expect(await refused({ action: 'describe', topic: unique('no') })).toMatch(/^NOT_FOUND: topic "no-/)
      expect(await refused({ action: 'delete', topic: unique('no') })).toMatch(/^NOT_FOUND/)
      expect(await refused({ action: 'create', topic: 'a/b' })).toMatch(/^BAD_REQUEST: .*topic "a\/b": 1 to 249/)
      expect(await refused({ action: 'create', topic: 'a', partitions: 1_000_000 })).toMatch(/^BAD_REQUEST: .*partitions 1000000/)
    })
  })

  describe('manage_consumer_groups', () => {
    const ask = (input: Record<string, unknown> = {}) => tools.call<Groups>('manage_consumer_groups', input)
    const refused = (input: Record<string, unknown>) => tools.refused('manage_consumer_groups', input)
    const committed = async (group: string) => (await stream.lag(group)).map(({ offset }) => Number(offset))

    test('shows a group with members, and resets it only once it has none', async () => {
      const topic = await filled('grouped', 10)
      const group = unique('group')
      const subscription = await stream.subscribe({ group, topics: [topic] })
      let read = 0
      for await (const batch of subscription) {
        await subscription.commit([batch.next])
        read += batch.length
        if (read === 10) break
      }
      const live = await ask({ action: 'describe', group })
      expect(live.groups).toMatchObject([{ group, state: 'active', members: 1, lag: 0 }])
      expect(live.members).toMatchObject([{ holds: [`${topic}/0,1`] }])
      const reset = { action: 'reset', group, topic, to: 'earliest' }
      expect(toolNamed('manage_consumer_groups').question?.(reset)).toMatch(/^Move group .* to the earliest offset\?/)
      expect(await refused(reset)).toMatch(/^CONFLICT: group .* has 1 member: stop its pipeline first/)
      expect(await refused({ action: 'delete', group })).toMatch(/^CONFLICT: group .* has 1 member/)
      await subscription.close()
      await expect.poll(async () => (await ask({ action: 'describe', group })).groups[0]?.state).toBe('empty')
      expect((await ask(reset)).groups).toMatchObject([{ lag: 10 }])
      expect(await committed(group)).toEqual([0, 0])
      await ask({ action: 'reset', group, topic, to: 'latest' })
      expect((await committed(group)).reduce((a, b) => a + b)).toBe(10)
      await ask({ action: 'reset', group, topic, to: 'offset', partition: 1, offset: '1' })
      expect((await committed(group))[1]).toBe(1)
      expect(toolNamed('manage_consumer_groups').question?.({ action: 'delete', group })).toMatch(/^Delete group .*\?/)
      expect(await ask({ action: 'delete', group })).toMatchObject({
        done: expect.stringMatching(/^deleted group .* had not read \d+ messages$/),
      })
      expect(await refused({ action: 'describe', group })).toMatch(/^NOT_FOUND/)
    })

    test('lists groups page by page', async () => {
      const topic = await filled('listed', 4, 1)
      // The broker is shared: names of its own stand together in the list.
      const listed = unique('listed')
      const groups = ['a', 'b', 'c'].map((name) => `${listed}-${name}`)
      for (const group of groups) await stream.resetOffsets(group, [{ topic, partition: 0, offset: 1n }])
      const first = await ask({ after: listed, limit: 2 })
      expect(first.groups).toMatchObject([{ lag: 3, members: 0 }, { lag: 3 }])
      const rest = await ask({ after: first.next, limit: 20 })
      expect([...first.groups, ...rest.groups].map(({ group }) => group)).toEqual(expect.arrayContaining(groups))
    })

    test('says what to do about wrong arguments', async () => {
      const topic = await filled('wrong', 3, 1)
      const group = unique('wrong')
      await stream.resetOffsets(group, [{ topic, partition: 0, offset: 2n }])
      const reset = { action: 'reset', group, topic, to: 'earliest' }
      expect(await refused({ action: 'describe' })).toMatch(/^BAD_REQUEST: group is missing/)
      expect(await refused({ action: 'describe', group: 'none-such' })).toMatch(/^NOT_FOUND: group "none-such"/)
      expect(await refused({ ...reset, topic: undefined })).toMatch(/^BAD_REQUEST: topic is missing/)
      expect(await refused({ ...reset, to: undefined })).toMatch(/^BAD_REQUEST: to is missing/)
      expect(await refused({ ...reset, to: 'offset' })).toMatch(/^BAD_REQUEST: offset is missing/)
      expect(await refused({ ...reset, to: 'offset', offset: '99' })).toMatch(
        /^BAD_REQUEST: offset 99: partition 0 .* holds 0 to 3/,
      )
      expect(await refused({ ...reset, partition: 9 })).toMatch(/^BAD_REQUEST: partition 9: .* has 1/)
      expect(await committed(group)).toEqual([2])
    })
  })

  test('monitor_cluster shows brokers, sizes and groups that lag', async () => {
    const topic = await filled('watched', 0, 2)
    await stream.append(
      topic,
      Array.from({ length: 40 }, () => ({ key: null, value: Buffer.from(randomUUID().repeat(500)) })),
    )
    const group = unique('behind')
    await stream.resetOffsets(group, [{ topic, partition: 0, offset: 0n }])
    const found = await tools.call<{
      readonly healthy: boolean
      readonly engine: string
      readonly brokers: readonly unknown[]
      readonly messages: number
      readonly bytes: number
      readonly largest: readonly { readonly topic: string }[]
      readonly lagging: readonly { readonly group: string; readonly lag: number }[]
    }>('monitor_cluster', { largest: 30 })
    expect(found).toMatchObject({ healthy: true, engine: stream.engine })
    expect(found.brokers.length).toBe(1)
    expect(found.messages).toBeGreaterThanOrEqual(40)
    expect(found.bytes).toBeGreaterThan(0)
    expect(found.largest.length).toBeGreaterThan(0)
    if (stream.engine === 'embedded') {
      expect(found.largest[0]).toMatchObject({ topic, messages: 40 })
      expect(found.lagging[0]).toEqual({ group, state: 'empty', members: 0, lag: 40 })
    }
  })
}

describe('on the embedded log', async () => {
  const { url } = await testDatabase()
  suite(() => openEmbeddedStream({ url }))
})

describeWith('kafka', 'on Kafka', () => {
  suite(async () => openRedpanda(parseRedpandaConfig({ brokers: await sharedKafka() })))
})
