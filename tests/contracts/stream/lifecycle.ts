import { describe, expect, onTestFinished, test } from 'vitest'
import type { StreamUnderTest } from '../streamSuite.ts'
import { Collector, failure, Member, numbered, topicFor, unique } from './collector.ts'

export function lifecycleTests(under: StreamUnderTest): void {
  describe('lifecycle', () => {
    test('check says what was reached', async () => {
      expect(await under.stream.check()).toMatchObject({ ok: true, summary: expect.stringMatching(/\S/) })
    })

    test('closing a subscription ends a pending read, and closing again does nothing', async () => {
      const topic = await topicFor(under.stream, 'close-subscription')
      const subscription = await under.stream.subscribe({ group: unique('close'), topics: [topic] })
      const pending = subscription[Symbol.asyncIterator]().next()
      await Promise.all([subscription.close(), subscription.close()])
      expect(await pending).toEqual({ done: true, value: undefined })
      await subscription.close()
      expect(await failure(subscription.commit([{ topic, partition: 0, offset: 0n }]))).toMatchObject({ code: 'CLOSED' })
    })

    test('a signal ends a subscription as close does', async () => {
      const topic = await topicFor(under.stream, 'abort-subscription')
      const controller = new AbortController()
      const member = await Member.join(under.stream, { group: unique('abort'), topics: [topic], signal: controller.signal })
      controller.abort()
      await member.ended
      expect(member.over).toBe(true)
      const aborted = under.stream.subscribe({ group: unique('abort'), topics: [topic], signal: AbortSignal.abort() })
      expect(await failure(aborted)).toMatchObject({ code: 'CANCELLED' })
    })

    test('closing a client ends its reads and subscriptions, and what is asked of it afterwards is CLOSED', async () => {
      const topic = await topicFor(under.stream, 'close-client')
      const client = await under.open()
      const reader = new Collector(client.read({ topics: [topic], from: 'earliest' }))
      const member = await Member.join(client, { group: unique('client'), topics: [topic] })
      await under.stream.append(topic, numbered(1))
      await Promise.all([reader.count(1), member.count(1)])
      await Promise.all([client.close(), client.close()])
      await Promise.all([reader.ended, member.ended])
      await client.close()
      expect(await failure(client.append(topic, numbered(1)))).toMatchObject({ code: 'CLOSED' })
      expect(await failure(client.subscribe({ group: unique('late'), topics: [topic] }))).toMatchObject({ code: 'CLOSED' })
      expect(await failure(client.createTopics([unique('late')]))).toMatchObject({ code: 'CLOSED' })
    })

    test('await using closes', async () => {
      const topic = await topicFor(under.stream, 'using')
      let ended: Promise<unknown>
      {
        await using subscription = await under.stream.subscribe({ group: unique('using'), topics: [topic] })
        ended = subscription[Symbol.asyncIterator]().next()
      }
      expect(await ended).toEqual({ done: true, value: undefined })
    })

    test('breaking out of the loop leaves the subscription open', async () => {
      const topic = await topicFor(under.stream, 'break', 1)
      const subscription = await under.stream.subscribe({ group: unique('break'), topics: [topic] })
      onTestFinished(() => subscription.close())
      await under.stream.append(topic, numbered(1))
      for await (const batch of subscription) if (batch.length > 0) break
      await subscription.commit([{ topic, partition: 0, offset: 1n }])
      await under.stream.append(topic, numbered(1, { from: 1 }))
      for await (const batch of subscription) {
        expect(batch.firstOffset).toBe(1n)
        break
      }
    })
  })
}
