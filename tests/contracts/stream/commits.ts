import { describe, expect, test } from 'vitest'
import type { StreamUnderTest } from '../streamSuite.ts'
import { failure, Member, numbered, range, sortedNumbers, topicFor, unique } from './collector.ts'

export function commitTests(under: StreamUnderTest): void {
  describe('commits', () => {
    test('are where the group resumes; what was not committed is delivered again', async () => {
      const topic = await topicFor(under.stream, 'resume', 1)
      const group = unique('resume')
      await under.stream.append(topic, numbered(100))
      const first = await Member.join(under.stream, { group, topics: [topic] }, { commit: false })
      await first.count(100)
      await first.subscription.commit([{ topic, partition: 0, offset: 60n }])
      await first.close()
      const second = await Member.join(under.stream, { group, topics: [topic] })
      await second.count(40)
      expect(second.values.map(Number)).toEqual(range(40, 60))
      await second.close()
      await under.stream.append(topic, numbered(5, { from: 100 }))
      const third = await Member.join(await under.open(), { group, topics: [topic] })
      await third.count(5)
      expect(third.values.map(Number)).toEqual(range(5, 100))
    })

    test('made at once end at the latest', async () => {
      const topic = await topicFor(under.stream, 'burst', 1)
      const group = unique('burst')
      await under.stream.append(topic, numbered(100))
      const member = await Member.join(under.stream, { group, topics: [topic] }, { commit: false })
      await member.count(100)
      await Promise.all(
        range(100, 1).map((offset) => member.subscription.commit([{ topic, partition: 0, offset: BigInt(offset) }])),
      )
      expect(await under.stream.lag(group)).toEqual([{ topic, partition: 0, offset: 100n, lag: 0n }])
    })

    test('never go back, except after a seek', async () => {
      const topic = await topicFor(under.stream, 'back', 1)
      const group = unique('back')
      await under.stream.append(topic, numbered(100))
      const at = (offset: bigint) => ({ topic, partition: 0, offset })
      const first = await Member.join(under.stream, { group, topics: [topic] }, { commit: false })
      await first.count(100)
      await first.subscription.commit([at(60n)])
      await first.subscription.commit([at(40n)])
      expect(await under.stream.lag(group)).toEqual([{ ...at(60n), lag: 40n }])
      await first.close()
      const second = await Member.join(under.stream, { group, topics: [topic] }, { commit: false })
      await second.count(40)
      await second.subscription.commit([at(30n)])
      expect(await under.stream.lag(group)).toEqual([{ ...at(60n), lag: 40n }])
      await second.subscription.seek(at(20n))
      await second.subscription.commit([at(30n)])
      expect(await under.stream.lag(group)).toEqual([{ ...at(30n), lag: 70n }])
    })

    test('leave out partitions that the member does not hold', async () => {
      const topic = await topicFor(under.stream, 'foreign', 2)
      const other = await topicFor(under.stream, 'other', 1)
      const group = unique('foreign')
      await under.stream.append(topic, numbered(10))
      const member = await Member.join(under.stream, { group, topics: [topic] }, { commit: false })
      await member.count(10)
      const own = { topic, partition: 0, offset: 1n }
      await member.subscription.commit([own, { topic: other, partition: 0, offset: 7n }])
      const lag = await under.stream.lag(group)
      expect(lag.find(({ partition }) => partition === 0)).toMatchObject(own)
      expect(lag.some((entry) => entry.topic === other)).toBe(false)
    })

    test('give the lag of each partition', async () => {
      const topic = await topicFor(under.stream, 'lag', 2)
      const group = unique('lag')
      expect(await under.stream.lag(group)).toEqual([])
      const ends = await under.stream.append(topic, numbered(100))
      const member = await Member.join(under.stream, { group, topics: [topic] }, { commit: false })
      await member.count(100)
      const positions = ends.map((end) => ({ ...end, offset: end.offset - 3n }))
      await member.subscription.commit(positions)
      expect(await under.stream.lag(group)).toEqual(positions.map((position) => ({ ...position, lag: 3n })))
      await member.subscription.commit(ends)
      expect((await under.stream.lag(group)).map(({ lag }) => lag)).toEqual([0n, 0n])
      await under.stream.append(topic, numbered(100))
      expect((await under.stream.lag(group)).reduce((sum, { lag }) => sum + lag, 0n)).toBe(100n)
    })

    test('count a partition without one from the earliest message', async () => {
      const topic = await topicFor(under.stream, 'partial', 2)
      const group = unique('partial')
      const ends = await under.stream.append(topic, numbered(100))
      const member = await Member.join(under.stream, { group, topics: [topic] }, { commit: false })
      await member.subscription.commit([
        { topic, partition: 1, offset: ends.find(({ partition }) => partition === 1)?.offset ?? 0n },
      ])
      const [first, second] = await under.stream.lag(group)
      expect(first).toEqual({ topic, partition: 0, offset: 0n, lag: ends.find(({ partition }) => partition === 0)?.offset })
      expect(second?.lag).toBe(0n)
    })

    test('of a new group from the latest begin at its join, also after a restart', async () => {
      const topic = await topicFor(under.stream, 'from-latest', 2)
      const group = unique('from-latest')
      await under.stream.append(topic, numbered(50))
      const first = await Member.join(under.stream, { group, topics: [topic], from: 'latest' })
      await first.close()
      await under.stream.append(topic, numbered(50, { from: 50 }))
      const second = await Member.join(under.stream, { group, topics: [topic], from: 'latest' })
      await second.count(50)
      expect(sortedNumbers(second.values)).toEqual(range(50, 50))
      expect(first.seen).toEqual([])
    })

    test('can be moved while the group has no members, and only then', async () => {
      const topic = await topicFor(under.stream, 'reset', 1)
      const group = unique('reset')
      await under.stream.append(topic, numbered(20))
      const first = await Member.join(under.stream, { group, topics: [topic] })
      await first.count(20)
      expect(await failure(under.stream.resetOffsets(group, [{ topic, partition: 0, offset: 5n }]))).toMatchObject({
        code: 'CONFLICT',
      })
      await first.close()
      await under.stream.resetOffsets(group, [{ topic, partition: 0, offset: 5n }])
      expect(await under.stream.lag(group)).toEqual([{ topic, partition: 0, offset: 5n, lag: 15n }])
      const second = await Member.join(under.stream, { group, topics: [topic] })
      await second.count(15)
      expect(second.values.map(Number)).toEqual(range(15, 5))
    })

    test('can be set for a group that has never read', async () => {
      const topic = await topicFor(under.stream, 'preset', 1)
      const group = unique('preset')
      await under.stream.append(topic, numbered(10))
      await under.stream.resetOffsets(group, [{ topic, partition: 0, offset: 7n }])
      const member = await Member.join(under.stream, { group, topics: [topic] })
      await member.count(3)
      expect(member.values.map(Number)).toEqual(range(3, 7))
    })
  })
}
