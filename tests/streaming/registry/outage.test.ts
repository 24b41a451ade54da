import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLogger } from '../../../lib/src/base/types/index.ts'
import { CryptoDataPublisher } from '../../../lib/src/publishers/index.ts'
import { QueueSource } from '../../publishers/queueSource.ts'
import { sharedKafka } from '../../support/kafka.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { failure, openFramed, priceOn, registryFor, somePrice, uniqueTopic } from './setup.ts'

describeWith(['kafka', 'registry'], 'a registry that goes away', () => {
  let registry: Registry
  let brokers: string
  beforeAll(async () => {
    ;[registry, brokers] = await Promise.all([startRegistry(), sharedKafka()])
  })
  afterAll(() => registry.stop())

  /** A publisher on its own topic, whose source is fed by the test. */
  async function publishing() {
    const topic = uniqueTopic()
    const type = priceOn(topic)
    const stream = await openFramed(brokers, registryFor(registry.url, type))
    await stream.createTopics([topic], { partitions: 1 })
    const source = new QueueSource()
    const publisher = new CryptoDataPublisher({ source, stream, logger: silentLogger, options: { retryMaxMs: 200 } })
    const running = publisher.run()
    const push = (from: number, count: number) =>
      source.push({ type: type as never, records: Array.from({ length: count }, (_, i) => somePrice(from + i)) })
    /** The frames and the records of the topic. */
    const held = async () => {
      const frames = new Set<string>()
      const records: unknown[] = []
      for await (const batch of stream.read({ topics: [topic], from: 'earliest', untilEnd: true }))
        for (const { index, record } of batch.decode(type)) {
          frames.add(Buffer.from(batch.original(index).subarray(0, 5)).toString('hex'))
          records.push(record)
        }
      return { frames: [...frames], records }
    }
    const end = async () => {
      source.end()
      await running
      await stream.close()
    }
    return { topic, type, stream, publisher, push, held, end }
  }

  test('killed midway, publishers that have their ids continue; others send nothing until it is back', async () => {
    const old = await publishing()
    old.push(0, 100)
    await until(() => old.publisher.stats().published === 100, 'the first records')
    await registry.kill9()
    old.push(100, 100)
    await until(() => old.publisher.stats().published === 200, 'records without a registry')
    expect(await old.stream.check()).toMatchObject({ ok: true })

    const fresh = await publishing()
    fresh.push(0, 50)
    await until(() => fresh.publisher.stats().state === 'degraded', 'a publisher that waits')
    expect(fresh.publisher.stats()).toMatchObject({ published: 0, inFlight: 50, lastError: { code: 'UNAVAILABLE' } })
    expect(await fresh.stream.check()).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } })
    expect((await fresh.held()).records).toEqual([])

    await registry.restart()
    await until(() => fresh.publisher.stats().published === 50, 'the records that waited')
    expect(await fresh.stream.check()).toMatchObject({ ok: true })
    old.push(200, 1)
    await until(() => old.publisher.stats().published === 201, 'one more')
    for (const [each, count] of [
      [old, 201],
      [fresh, 50],
    ] as const) {
      const { frames, records } = await each.held()
      const known = await registryFor(registry.url, each.type).frame(each.topic)
      expect(frames).toEqual([Buffer.from(known as Uint8Array).toString('hex')])
      expect(records).toEqual(Array.from({ length: count }, (_, i) => somePrice(i)))
      await each.end()
    }
  })

  test('an incompatible change stops the publisher before anything is sent', async () => {
    const before = await publishing()
    before.push(0, 1)
    await until(() => before.publisher.stats().published === 1, 'the first record')
    await before.end()

    const changed = priceOn(before.topic, ({ market_cap: _, ...fields }) => fields)
    await using stream = await openFramed(brokers, registryFor(registry.url, changed))
    const source = new QueueSource().push({ type: changed as never, records: [somePrice(1)] })
    const error = await failure(new CryptoDataPublisher({ source, stream, logger: silentLogger }).run())
    expect(error).toMatchObject({
      code: 'CONFLICT',
      field: 'market_cap',
      message: expect.stringContaining('market_cap is no longer there; '),
    })
    const [description] = await stream.describeTopics([before.topic])
    expect(description?.partitions).toEqual([{ partition: 0, earliest: 0n, latest: 1n }])
    expect(await stream.check()).toMatchObject({ ok: false, error: { code: 'CONFLICT' } })
  })
})
