import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../../lib/src/base/types/index.ts'
import type { StreamUnderTest } from '../streamSuite.ts'
import { failure, numbered, range, readAll, type Seen, sortedNumbers, topicFor } from './collector.ts'

const byKey = (seen: readonly Seen[]): Map<string | null, Seen[]> => Map.groupBy(seen, ({ key }) => key)

export function appendTests(under: StreamUnderTest): void {
  describe('append', () => {
    test('keeps the order of each key, and a key in one partition', async () => {
      const topic = await topicFor(under.stream, 'order', 4)
      for (let round = 0; round < 5; round++) await under.stream.append(topic, numbered(100, { keys: 20, from: round * 100 }))
      const seen = await readAll(under.stream, topic)
      expect(seen).toHaveLength(500)
      for (const [key, messages] of byKey(seen)) {
        const values = messages.map(({ value }) => Number(value))
        expect(values, `key ${key}`).toEqual(range(500).filter((i) => `key-${i % 20}` === key))
        expect(new Set(messages.map(({ partition }) => partition)).size).toBe(1)
      }
    })

    test('gives contiguous offsets, and returns the end of each partition', async () => {
      const topic = await topicFor(under.stream, 'offsets', 3)
      const first = await under.stream.append(topic, numbered(40))
      const second = await under.stream.append(topic, numbered(40))
      const seen = await readAll(under.stream, topic)
      for (const [partition, messages] of Map.groupBy(seen, (message) => message.partition)) {
        expect(messages.map(({ offset }) => offset)).toEqual(messages.map((_, i) => BigInt(i)))
        const end = BigInt(messages.length)
        expect(second.find((position) => position.partition === partition)).toEqual({ topic, partition, offset: end })
        expect(first.find((position) => position.partition === partition)?.offset).toBe(end / 2n)
      }
    })

    test('carries every byte of values, keys and headers', async () => {
      const topic = await topicFor(under.stream, 'bytes', 2)
      const everyByte = Buffer.from(range(256))
      const messages: Message[] = [
        { key: 'binary', value: everyByte },
        { key: 'not utf-8', value: Uint8Array.from([0xff, 0xfe, 0xc3, 0x28]) },
        { key: 'empty', value: '' },
        { key: '', value: 'empty key' },
        { key: null, value: 'no key' },
        { key: 'ключ 钥匙 🔑', value: 'значение 🎈' },
        { key: 'headers', value: '{}', headers: { stage: 'store', причина: 'плохо 💥', empty: '' } },
        { key: 'random', value: randomBytes(10_000) },
        { key: 'view', value: everyByte.subarray(10, 20) },
      ]
      const before = Date.now()
      await under.stream.append(topic, messages)
      const seen = new Map((await readAll(under.stream, topic)).map((message) => [message.key, message]))
      expect(seen.size).toBe(messages.length)
      for (const { key, value, headers = {} } of messages) {
        const message = seen.get(key)
        expect(message?.value.equals(Buffer.from(value as Uint8Array)), `value of ${key}`).toBe(true)
        expect(message?.headers).toEqual(headers)
        expect(Math.abs((message?.timestamp ?? 0) - before)).toBeLessThan(60_000)
      }
    })

    test('spreads messages without a key', async () => {
      const topic = await topicFor(under.stream, 'spread', 3)
      for (let i = 0; i < 10; i++)
        await under.stream.append(
          topic,
          Array.from({ length: 30 }, (_, j) => ({ key: null, value: String(i * 30 + j) })),
        )
      const seen = await readAll(under.stream, topic)
      expect(sortedNumbers(seen.map(({ value }) => value.toString()))).toEqual(range(300))
      expect(new Set(seen.map(({ partition }) => partition)).size).toBe(3)
    })

    test('takes more in one call than one batch may hold', async () => {
      const topic = await topicFor(under.stream, 'large', 2)
      const value = 'x'.repeat(2000)
      await under.stream.append(
        topic,
        Array.from({ length: 5000 }, (_, i) => ({ key: `k${i % 7}`, value: `${i} ${value}` })),
      )
      const seen = await readAll(under.stream, topic)
      for (const messages of byKey(seen).values()) {
        const numbers = messages.map(({ value: v }) => Number.parseInt(v.toString(), 10))
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      }
      expect(seen).toHaveLength(5000)
    })

    test('refuses a message that is too large, naming its size, and keeps working', async () => {
      const topic = await topicFor(under.stream, 'too-large', 1)
      const error = await failure(under.stream.append(topic, [{ key: 'big', value: Buffer.alloc(under.tooLargeBytes) }]))
      expect(error).toMatchObject({ code: 'BAD_REQUEST', retryable: false })
      expect(error.message).toMatch(/\d{6,}/)
      await under.stream.append(topic, numbered(1))
      expect(await readAll(under.stream, topic)).toHaveLength(1)
    })

    test('of nothing returns nothing', async () => {
      const topic = await topicFor(under.stream, 'nothing')
      expect(await under.stream.append(topic, [])).toEqual([])
    })

    test('made at once by several clients loses nothing and mixes no keys up', async () => {
      const topic = await topicFor(under.stream, 'concurrent', 3)
      const clients = await Promise.all([under.open(), under.open(), under.open()])
      await Promise.all(
        clients.flatMap((client, c) =>
          range(20).map((round) =>
            client.append(
              topic,
              Array.from({ length: 50 }, (_, i) => ({ key: `client-${c}`, value: String(round * 50 + i) })),
            ),
          ),
        ),
      )
      const seen = await readAll(under.stream, topic)
      expect(seen).toHaveLength(3000)
      for (const messages of byKey(seen).values()) expect(messages.map(({ value }) => Number(value))).toEqual(range(1000))
      for (const messages of Map.groupBy(seen, ({ partition }) => partition).values())
        expect(messages.map(({ offset }) => offset)).toEqual(messages.map((_, i) => BigInt(i)))
    })

    test('that is cancelled rejects with CANCELLED', async () => {
      const topic = await topicFor(under.stream, 'cancelled')
      expect(await failure(under.stream.append(topic, numbered(1), { signal: AbortSignal.abort() }))).toMatchObject({
        code: 'CANCELLED',
      })
      const controller = new AbortController()
      const appends = range(50).map(() => under.stream.append(topic, numbered(200), { signal: controller.signal }))
      controller.abort()
      const results = await Promise.allSettled(appends)
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CANCELLED' })
      expect(results.some((result) => result.status === 'rejected')).toBe(true)
      await under.stream.append(topic, numbered(1))
    })
  })
}
