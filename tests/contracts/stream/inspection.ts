import { describe, expect, test } from 'vitest'
import type { StreamUnderTest } from '../streamSuite.ts'
import { balanced, failure, Member, numbered, topicFor, unique } from './collector.ts'

export function inspectionTests(under: StreamUnderTest): void {
  describe('seen from outside', () => {
    test('a group lists its members and their partitions while they live, and is empty afterwards', async () => {
      const topic = await topicFor(under.stream, 'described', 4)
      const group = unique('described')
      const clients = [under.stream, await under.open()]
      const members = await Promise.all(clients.map((client) => Member.join(client, { group, topics: [topic] })))
      await balanced(members, 2, 2)
      const groups = await under.stream.describeGroups([group, unique('missing')])
      expect(groups).toMatchObject([{ name: group, state: 'active' }])
      const [described] = groups
      expect(new Set(described?.members.map(({ id }) => id)).size).toBe(2)
      const held = described?.members.map(({ assignments }) => assignments)
      const own = members.map(({ subscription }) => subscription.assignments().toSorted((a, b) => a.partition - b.partition))
      expect(held).toEqual(expect.arrayContaining(own))
      await under.stream.append(topic, numbered(20))
      await expect.poll(() => members.reduce((sum, { seen }) => sum + seen.length, 0)).toBe(20)
      await Promise.all(members.map((member) => member.close()))
      await expect.poll(() => under.stream.describeGroups([group])).toEqual([{ name: group, state: 'empty', members: [] }])
    })

    test('a group that was only given offsets is among all groups', async () => {
      const topic = await topicFor(under.stream, 'given', 1)
      const group = unique('given')
      await under.stream.resetOffsets(group, [{ topic, partition: 0, offset: 0n }])
      const found = (await under.stream.describeGroups()).find(({ name }) => name === group)
      expect(found).toEqual({ name: group, state: 'empty', members: [] })
    })

    test('a group is deleted only while it has no members; joined again, it starts from scratch', async () => {
      const topic = await topicFor(under.stream, 'deleted', 1)
      const group = unique('deleted')
      expect(await failure(under.stream.deleteGroup(group))).toMatchObject({ code: 'NOT_FOUND' })
      await under.stream.append(topic, numbered(20))
      const first = await Member.join(under.stream, { group, topics: [topic] })
      await first.count(20)
      expect(await failure(under.stream.deleteGroup(group))).toMatchObject({ code: 'CONFLICT' })
      await first.close()
      await expect.poll(async () => (await under.stream.describeGroups([group]))[0]?.state).toBe('empty')
      await under.stream.deleteGroup(group)
      expect(await under.stream.describeGroups([group])).toEqual([])
      expect(await under.stream.lag(group)).toEqual([])
      const second = await Member.join(under.stream, { group, topics: [topic] })
      await second.count(20)
      expect(second.values.map(Number)).toEqual(first.values.map(Number))
    })

    test('the cluster has an address, one controller, and the bytes of each topic', async () => {
      const [empty, filled] = [await topicFor(under.stream, 'empty', 2), await topicFor(under.stream, 'filled', 2)]
      const value = Buffer.from(Array.from({ length: 50_000 }, () => Math.floor(Math.random() * 256)))
      await under.stream.append(filled, [{ key: 'a', value }])
      const { brokers, sizes } = await under.stream.describeCluster()
      expect(brokers.filter(({ controller }) => controller)).toHaveLength(1)
      for (const { address } of brokers) expect(address).toMatch(/.:\d+$/)
      expect(sizes?.get(empty)).toBe(0)
      expect(sizes?.get(filled)).toBeGreaterThanOrEqual(50_000)
    })
  })
}
