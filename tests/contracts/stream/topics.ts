import { describe, expect, test } from 'vitest'
import type { StreamUnderTest } from '../streamSuite.ts'
import { failure, numbered, topicFor, unique } from './collector.ts'

export function topicTests(under: StreamUnderTest): void {
  describe('topics', () => {
    test('are created with 6 partitions by default, and creating again leaves them as they are', async () => {
      const [plain, sized] = [unique('plain'), unique('sized')]
      await under.stream.createTopics([plain])
      await under.stream.createTopics([sized], { partitions: 2 })
      await under.stream.createTopics([plain, sized], { partitions: 4 })
      const described = await under.stream.describeTopics([plain, sized])
      expect(Object.fromEntries(described.map((topic) => [topic.name, topic.partitions.length]))).toEqual({
        [plain]: 6,
        [sized]: 2,
      })
      await under.stream.deleteTopics([plain, sized])
    })

    test('created by two clients at once exist once', async () => {
      const topic = unique('race')
      const other = await under.open()
      await Promise.all([under.stream.createTopics([topic], { partitions: 2 }), other.createTopics([topic], { partitions: 2 })])
      expect((await under.stream.describeTopics([topic]))[0]?.partitions).toHaveLength(2)
      await under.stream.deleteTopics([topic])
    })

    test('are described with the oldest offset and the next one', async () => {
      const topic = await topicFor(under.stream, 'described', 2)
      const ends = await under.stream.append(topic, numbered(50))
      const [description] = await under.stream.describeTopics([topic, unique('missing')])
      expect(description?.partitions).toEqual(
        [0, 1].map((partition) => ({
          partition,
          earliest: 0n,
          latest: ends.find((end) => end.partition === partition)?.offset ?? 0n,
        })),
      )
      expect((await under.stream.describeTopics()).map(({ name }) => name)).toContain(topic)
    })

    test('keep their id, and get another one when created again', async () => {
      const topic = await topicFor(under.stream, 'identity', 1)
      const idOf = async () => (await under.stream.describeTopics([topic]))[0]?.id
      const first = await idOf()
      expect(first).toMatch(/./)
      await under.stream.append(topic, numbered(1))
      expect(await idOf()).toBe(first)
      await under.stream.deleteTopics([topic])
      await expect.poll(idOf).toBeUndefined()
      await expect.poll(() => under.stream.createTopics([topic], { partitions: 1 }).then(idOf)).toMatch(/./)
      expect(await idOf()).not.toBe(first)
    })

    test('that were deleted are gone, and deleting again does nothing', async () => {
      const topic = await topicFor(under.stream, 'deleted')
      await under.stream.append(topic, numbered(3))
      await under.stream.deleteTopics([topic, unique('missing')])
      await under.stream.deleteTopics([topic])
      await expect.poll(() => under.stream.describeTopics([topic])).toEqual([])
    })

    test('that do not exist are NOT_FOUND to append, subscribe and read', async () => {
      const topic = unique('missing')
      const appended = await failure(under.stream.append(topic, numbered(1)))
      expect(appended).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining(topic) })
      expect(appended.message).toContain('create')
      expect(await failure(under.stream.subscribe({ group: unique('group'), topics: [topic] }))).toMatchObject({
        code: 'NOT_FOUND',
      })
      const reading = under.stream.read({ topics: [topic], from: 'earliest', untilEnd: true })[Symbol.asyncIterator]()
      expect(await failure(reading.next())).toMatchObject({ code: 'NOT_FOUND' })
    })

    test('many of them are filled and read by one subscription', async () => {
      const topics = await Promise.all(Array.from({ length: 20 }, (_, i) => topicFor(under.stream, `many-${i}`, 2)))
      await Promise.all(topics.map((topic) => under.stream.append(topic, numbered(20))))
      const subscription = await under.stream.subscribe({ group: unique('many'), topics })
      const counts = new Map<string, number>()
      let total = 0
      for await (const batch of subscription) {
        counts.set(batch.topic, (counts.get(batch.topic) ?? 0) + batch.length)
        total += batch.length
        if (total >= 400) break
      }
      await subscription.close()
      expect([...counts.values()]).toEqual(topics.map(() => 20))
    })
  })
}
