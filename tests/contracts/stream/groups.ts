import { describe, expect, test } from 'vitest'
import type { StreamUnderTest } from '../streamSuite.ts'
import { balanced, Member, numbered, range, sortedNumbers, topicFor, unique } from './collector.ts'

export function groupTests(under: StreamUnderTest): void {
  describe('consumer groups', () => {
    test('deliver every message exactly once to members that share the partitions', async () => {
      const topic = await topicFor(under.stream, 'share', 6)
      const group = unique('share')
      const clients = [under.stream, await under.open(), await under.open()]
      const members = await Promise.all(clients.map((client) => Member.join(client, { group, topics: [topic] })))
      await balanced(members, 2, 2, 2)
      const held = members.flatMap((member) => member.subscription.assignments().map(({ partition }) => partition))
      expect(held.toSorted()).toEqual(range(6))
      for (let i = 0; i < 10; i++) await under.stream.append(topic, numbered(200, { keys: 50, from: i * 200 }))
      await expect.poll(() => members.reduce((sum, member) => sum + member.seen.length, 0)).toBe(2000)
      expect(sortedNumbers(members.flatMap((member) => member.values))).toEqual(range(2000))
      for (const member of members) expect(member.seen.length).toBeGreaterThan(0)
    })

    test('give the partitions of a member that closes to the others, which read on from its commits', async () => {
      const topic = await topicFor(under.stream, 'take-over', 4)
      const group = unique('take-over')
      const [first, second] = await Promise.all([
        Member.join(under.stream, { group, topics: [topic] }),
        Member.join(await under.open(), { group, topics: [topic] }),
      ])
      await balanced([first, second], 2, 2)
      await under.stream.append(topic, numbered(400, { keys: 40 }))
      await expect.poll(() => first.seen.length + second.seen.length).toBe(400)
      await first.close()
      await balanced([second], 4)
      await under.stream.append(topic, numbered(400, { keys: 40, from: 400 }))
      await second.until((seen) => seen.filter(({ value }) => Number(value) >= 400).length >= 400, 'the second half')
      expect(sortedNumbers([...first.values, ...second.values])).toEqual(range(800))
    })

    test('let a member that joins later take its share', async () => {
      const topic = await topicFor(under.stream, 'join', 4)
      const group = unique('join')
      const first = await Member.join(under.stream, { group, topics: [topic] })
      await balanced([first], 4)
      const second = await Member.join(await under.open(), { group, topics: [topic] })
      await balanced([first, second], 2, 2)
      await under.stream.append(topic, numbered(200, { keys: 40 }))
      await expect.poll(() => first.seen.length + second.seen.length).toBe(200)
      expect(sortedNumbers([...first.values, ...second.values])).toEqual(range(200))
    })

    test('say which batches are still their own: none of a partition that has moved, even when it comes back', async () => {
      const topic = await topicFor(under.stream, 'holds', 4)
      const group = unique('holds')
      const first = await Member.join(under.stream, { group, topics: [topic] }, { commit: false })
      await balanced([first], 4)
      await under.stream.append(topic, numbered(200, { keys: 40 }))
      await first.count(200)
      const given = [...first.batches]
      const held = () => new Set(given.filter((batch) => first.subscription.holds(batch)).map(({ partition }) => partition))
      expect(held().size).toBe(4)
      const joining = Member.join(await under.open(), { group, topics: [topic] })
      await first.subscription.commit(given.map((batch) => batch.next))
      const second = await joining
      await balanced([first, second], 2, 2)
      const kept = new Set(first.subscription.assignments().map(({ partition }) => partition))
      await expect.poll(held).toEqual(kept)
      await second.close()
      await balanced([first], 4)
      await under.stream.append(topic, numbered(200, { keys: 40, from: 200 }))
      await first.until((seen) => seen.filter(({ value }) => Number(value) >= 200).length >= 200, 'the second half')
      expect(held()).toEqual(kept)
      expect(first.batches.slice(given.length).every((batch) => first.subscription.holds(batch))).toBe(true)
    })

    test('do not disturb each other', async () => {
      const topic = await topicFor(under.stream, 'apart', 2)
      await under.stream.append(topic, numbered(100))
      const [one, two] = await Promise.all(
        ['one', 'two'].map((name) => Member.join(under.stream, { group: unique(name), topics: [topic] })),
      )
      await Promise.all([one?.count(100), two?.count(100)])
      expect(sortedNumbers(one?.values ?? [])).toEqual(range(100))
      expect(sortedNumbers(two?.values ?? [])).toEqual(range(100))
    })

    test('with more members than partitions leave some of them without work', async () => {
      const topic = await topicFor(under.stream, 'idle', 1)
      const group = unique('idle')
      const first = await Member.join(under.stream, { group, topics: [topic] })
      const second = await Member.join(await under.open(), { group, topics: [topic] })
      await balanced([first, second], 0, 1)
      const holder = first.subscription.assignments().length === 1 ? first : second
      const idle = holder === first ? second : first
      await under.stream.append(topic, numbered(10))
      await holder.count(10)
      await holder.close()
      await balanced([idle], 1)
      await under.stream.append(topic, numbered(10, { from: 10 }))
      await idle.count(10)
      expect(sortedNumbers(idle.values)).toEqual(range(10, 10))
    })
  })
}
