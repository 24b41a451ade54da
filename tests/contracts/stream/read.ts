import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { StreamUnderTest } from '../streamSuite.ts'
import { Collector, failure, messagesOf, numbered, range, readAll, sortedNumbers, topicFor, unique } from './collector.ts'

export function readTests(under: StreamUnderTest): void {
  describe('read', () => {
    test('from the earliest until the end reads everything once and ends', async () => {
      const topic = await topicFor(under.stream, 'until-end')
      await under.stream.append(topic, numbered(1000))
      expect(sortedNumbers((await readAll(under.stream, topic)).map(({ value }) => value.toString()))).toEqual(range(1000))
    })

    test('until the end of an empty topic ends at once', async () => {
      expect(await readAll(under.stream, await topicFor(under.stream, 'empty'))).toEqual([])
    })

    test('goes on with what is appended later', async () => {
      const topic = await topicFor(under.stream, 'follow')
      await under.stream.append(topic, numbered(10))
      const controller = new AbortController()
      const reader = new Collector(under.stream.read({ topics: [topic], from: 'earliest', signal: controller.signal }))
      await reader.count(10)
      await under.stream.append(topic, numbered(10, { from: 10 }))
      await reader.count(20)
      controller.abort()
      await reader.ended
      expect(sortedNumbers(reader.values)).toEqual(range(20))
    })

    test('from the latest yields only what is appended afterwards', async () => {
      const topic = await topicFor(under.stream, 'latest', 1)
      await under.stream.append(topic, numbered(10))
      const controller = new AbortController()
      onTestFinished(() => controller.abort())
      const reader = new Collector(under.stream.read({ topics: [topic], from: 'latest', signal: controller.signal }))
      // Where "latest" was is only known once something has come, so markers are appended until one does.
      let marker = 100
      while (reader.seen.length === 0)
        await Promise.race([under.stream.append(topic, [{ key: 'm', value: String(marker++) }]), reader.count(1)])
      await reader.count(1)
      expect(Math.min(...reader.values.map(Number))).toBeGreaterThanOrEqual(100)
    })

    test('from positions starts there, and elsewhere at the earliest', async () => {
      const topic = await topicFor(under.stream, 'positions', 2)
      await under.stream.append(topic, numbered(100))
      const seen = await readAll(under.stream, topic, [{ topic, partition: 0, offset: 5n }])
      const all = await readAll(under.stream, topic)
      expect(seen).toHaveLength(95)
      expect(seen.filter(({ partition }) => partition === 1)).toEqual(all.filter(({ partition }) => partition === 1))
      expect(seen.find(({ partition }) => partition === 0)?.offset).toBe(5n)
    })

    test('finds where what was appended at or after a moment begins, or the end', async () => {
      const topic = await topicFor(under.stream, 'moments', 2)
      const at = async (moment: number) =>
        (await under.stream.positionsAt([topic], moment)).map(({ partition, offset }) => [partition, offset])
      expect(await at(Date.now())).toEqual([
        [0, 0n],
        [1, 0n],
      ])
      // One by one, and in times of their own, so that there are many places to begin at.
      for (let i = 0; i < 40; i++) {
        await under.stream.append(topic, numbered(1 + (i % 3), { from: i }))
        if (i % 4 === 0) await setTimeout(2)
      }
      const all = await readAll(under.stream, topic)
      for (const moment of [0, ...new Set(all.map(({ timestamp }) => timestamp)), Number.MAX_SAFE_INTEGER / 1e3]) {
        const expected = [0, 1].map((partition) => {
          const held = all.filter((seen) => seen.partition === partition)
          return [partition, held.find(({ timestamp }) => timestamp >= moment)?.offset ?? BigInt(held.length)]
        })
        expect(await at(moment), String(moment)).toEqual(expected)
      }
      expect(await failure(under.stream.positionsAt([unique('missing')], 0))).toMatchObject({ code: 'NOT_FOUND' })
    })

    test('yields batches of one partition, in order, within maxBytes; a single larger message still comes', async () => {
      const topic = await topicFor(under.stream, 'max-bytes', 2)
      const small = Array.from({ length: 200 }, (_, i) => ({ key: `k${i % 5}`, value: 'v'.repeat(500) }))
      await under.stream.append(topic, [...small, { key: 'k0', value: 'V'.repeat(50_000) }])
      let total = 0
      for await (const batch of under.stream.read({ topics: [topic], from: 'earliest', untilEnd: true, maxBytes: 10_000 })) {
        const messages = messagesOf(batch)
        const bytes = messages.reduce((sum, { value }) => sum + value.length, 0)
        expect(messages.length === 1 || bytes <= 10_000, `${messages.length} messages of ${bytes} bytes`).toBe(true)
        expect(batch.next).toEqual({ topic, partition: batch.partition, offset: batch.nextOffset })
        expect(messages.map(({ offset }) => offset)).toEqual(messages.map((_, i) => batch.firstOffset + BigInt(i)))
        total += messages.length
      }
      expect(total).toBe(201)
    })

    test('that is left early frees what it held, and another reads everything', async () => {
      const topic = await topicFor(under.stream, 'left', 1)
      await under.stream.append(topic, numbered(100))
      for await (const batch of under.stream.read({ topics: [topic], from: 'earliest' })) if (batch.length > 0) break
      expect(await readAll(under.stream, topic)).toHaveLength(100)
    })

    test('with a signal that is already aborted yields nothing', async () => {
      const topic = await topicFor(under.stream, 'aborted')
      await under.stream.append(topic, numbered(5))
      const reader = new Collector(under.stream.read({ topics: [topic], from: 'earliest', signal: AbortSignal.abort() }))
      await reader.ended
      expect(reader.seen).toEqual([])
    })
  })
}
