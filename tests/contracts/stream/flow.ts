import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EncodedBatch, Subscription } from '../../../lib/src/base/types/index.ts'
import type { StreamUnderTest } from '../streamSuite.ts'
import { failure, Member, messagesOf, numbered, range, sortedNumbers, topicFor, unique } from './collector.ts'

const MIB = 1024 * 1024

/** Bytes of buffers that are in use: what a collection leaves, and another one does not lessen. */
async function externalBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    collect()
    await setImmediate()
    const now = process.memoryUsage().arrayBuffers
    if (now >= before) return now
    before = now
  }
}

/** Takes batches by hand: nothing is read that is not asked for. */
function puller(subscription: Subscription): { next(): Promise<EncodedBatch> } {
  onTestFinished(() => subscription.close())
  const iterator = subscription[Symbol.asyncIterator]()
  return {
    async next() {
      const { value, done } = await iterator.next()
      if (done) throw new Error('the subscription ended')
      return value
    },
  }
}

export function flowTests(under: StreamUnderTest): void {
  describe('flow', () => {
    test('of a paused partition stops until it is resumed, and continues for the others', async () => {
      const topic = await topicFor(under.stream, 'pause', 2)
      const subscription = await under.stream.subscribe({ group: unique('pause'), topics: [topic] })
      onTestFinished(() => subscription.close())
      subscription.pause([{ topic, partition: 0 }])
      const ends = await under.stream.append(topic, numbered(200, { keys: 40 }))
      const [held, open] = [0, 1].map((partition) => Number(ends.find((end) => end.partition === partition)?.offset)) as [
        number,
        number,
      ]
      const seen: EncodedBatch[] = []
      const counts = () =>
        [0, 1].map((partition) => seen.filter((b) => b.partition === partition).reduce((sum, b) => sum + b.length, 0))
      let resumed = false
      for await (const batch of subscription) {
        seen.push(batch)
        if (!resumed && counts()[1] === open) {
          expect(counts()[0]).toBe(0)
          resumed = true
          subscription.resume([{ topic, partition: 0 }])
        }
        if (counts()[0] === held) break
      }
      expect(counts()).toEqual([held, open])
      expect(sortedNumbers(seen.flatMap(messagesOf).map(({ value }) => value.toString()))).toEqual(range(200))
    })

    test('as a whole pauses and resumes without losing or repeating anything', async () => {
      const topic = await topicFor(under.stream, 'pause-all', 3)
      const member = await Member.join(under.stream, { group: unique('pause-all'), topics: [topic], maxBytes: 2_000 })
      for (let i = 0; i < 10; i++) {
        await under.stream.append(topic, numbered(200, { keys: 30, from: i * 200 }))
        await member.count(i * 200 + 50)
        member.subscription.pause()
        member.subscription.resume()
      }
      await member.count(2000)
      expect(sortedNumbers(member.values)).toEqual(range(2000))
    })

    test('seeks back and forward', async () => {
      const topic = await topicFor(under.stream, 'seek', 1)
      const subscription = await under.stream.subscribe({ group: unique('seek'), topics: [topic], maxBytes: 50 })
      const reader = puller(subscription)
      await under.stream.append(topic, numbered(300))
      expect((await reader.next()).firstOffset).toBe(0n)
      await subscription.seek({ topic, partition: 0, offset: 250n })
      expect((await reader.next()).firstOffset).toBe(250n)
      await subscription.seek({ topic, partition: 0, offset: 10n })
      const batch = await reader.next()
      expect(batch.firstOffset).toBe(10n)
      expect(messagesOf(batch)[0]?.value.toString()).toBe('10')
      expect((await reader.next()).firstOffset).toBe(batch.nextOffset)
    })

    test('refuses to seek in a partition that the member does not hold', async () => {
      const topic = await topicFor(under.stream, 'seek-foreign', 1)
      const subscription = await under.stream.subscribe({ group: unique('seek-foreign'), topics: [topic] })
      onTestFinished(() => subscription.close())
      expect(await failure(subscription.seek({ topic, partition: 5, offset: 0n }))).toMatchObject({ code: 'BAD_REQUEST' })
    })

    test('reads ahead only a bounded number of bytes, however slow the reader', async () => {
      const topic = await topicFor(under.stream, 'slow', 2)
      const value = 'x'.repeat(64 * 1024)
      const total = 48 * MIB
      const messages = Array.from({ length: total / value.length }, (_, i) => ({ key: `k${i % 8}`, value }))
      await under.stream.append(topic, messages)
      const baseline = await externalBytes()
      const subscription = await under.stream.subscribe({ group: unique('slow'), topics: [topic], maxBytes: MIB })
      const reader = puller(subscription)
      const first = await reader.next()
      // Fetched bytes lie outside of V8's heap: they grow until reading ahead stops, and then stay.
      let held = Number.NaN
      const settled = async () => {
        const before = held
        held = await externalBytes()
        return Math.abs(held - before) < MIB
      }
      await expect.poll(settled, { interval: 300 }).toBe(true)
      expect(held - baseline).toBeLessThan(total / 2)
      let read = first.length
      while (read < messages.length) read += (await reader.next()).length
      expect(read).toBe(messages.length)
    })

    test('brings a message within moments of its append', async () => {
      const topic = await topicFor(under.stream, 'latency', 1)
      const member = await Member.join(under.stream, { group: unique('latency'), topics: [topic] })
      await under.stream.append(topic, numbered(1))
      await member.count(1)
      const delays: number[] = []
      for (let i = 1; i <= 20; i++) {
        const started = performance.now()
        await under.stream.append(topic, numbered(1, { from: i }))
        await member.count(i + 1)
        delays.push(performance.now() - started)
      }
      // The quickest: a busy machine delays some, and a log that is asked now and then delays each.
      expect(Math.min(...delays)).toBeLessThan(250)
    })
  })
}
