import { describe, expect, onTestFinished, test } from 'vitest'
import type { Logger } from '../../../lib/src/base/types/index.ts'
import { Collector, Member, numbered, range, readAll, sortedNumbers, topicFor } from '../../contracts/stream/collector.ts'
import { testDatabase } from '../../support/database.ts'
import { openLog, unique } from './openLog.ts'

const { url } = await testDatabase()

describe('retention', () => {
  test('drops messages that every group has read, and none that some group has not read', async () => {
    const stream = await openLog(url, { retention_ms: 0 })
    const topic = await topicFor(stream, 'read', 1)
    for (let i = 0; i < 10; i++) await stream.append(topic, numbered(10, { from: i * 10 }))
    await stream.dropExpired()
    expect(await readAll(stream, topic)).toHaveLength(100)

    const [ahead, behind] = [unique('ahead'), unique('behind')]
    await stream.resetOffsets(ahead, [{ topic, partition: 0, offset: 100n }])
    await stream.resetOffsets(behind, [{ topic, partition: 0, offset: 35n }])
    await stream.dropExpired()
    // Chunks are dropped whole: offset 35 is in the chunk of 30 to 39.
    expect(sortedNumbers((await readAll(stream, topic)).map(({ value }) => value.toString()))).toEqual(range(70, 30))
    expect((await stream.describeTopics([topic]))[0]?.partitions).toEqual([{ partition: 0, earliest: 30n, latest: 100n }])
    expect(await stream.lag(behind)).toEqual([{ topic, partition: 0, offset: 35n, lag: 65n }])

    const member = await Member.join(stream, { group: behind, topics: [topic] })
    await member.count(65)
    await member.close()
    await stream.dropExpired()
    expect(await readAll(stream, topic)).toEqual([])
    expect(await stream.append(topic, numbered(1))).toEqual([{ topic, partition: 0, offset: 101n }])
  })

  test('names the groups without a live member for which it keeps messages', async () => {
    const stream = await openLog(url)
    const topic = await topicFor(stream, 'abandoned', 1)
    await stream.append(topic, numbered(100))
    const [done, left, alive] = [unique('done'), unique('left'), unique('alive')]
    await stream.resetOffsets(done, [{ topic, partition: 0, offset: 100n }])
    const before = Date.now()
    await stream.resetOffsets(left, [{ topic, partition: 0, offset: 35n }])
    const member = await Member.join(stream, { group: alive, topics: [topic] }, { commit: false })
    await member.count(100)
    const found = async () => (await stream.abandonedGroups()).filter(({ name }) => [done, left, alive].includes(name))
    const groups = await found()
    expect(groups).toMatchObject([{ name: left, unread: 65n }])
    expect(Math.abs((groups[0]?.lastSeen ?? 0) - before)).toBeLessThan(60_000)
    await member.close()
    expect((await found()).map(({ name, unread }) => [name, unread]).toSorted()).toEqual([
      [alive, 100n],
      [left, 65n],
    ])
  })

  test('keeps recent messages, messages that no group reads, and dead letters', async () => {
    const stream = await openLog(url, { retention_ms: 3_600_000 })
    const impatient = await openLog(url, { retention_ms: 0 })
    const topic = await topicFor(stream, 'young', 1)
    const unread = await topicFor(stream, 'unread', 1)
    const letters = `${topic}.dlq`
    await stream.createTopics([letters], { partitions: 1 })
    onTestFinished(() => stream.deleteTopics([letters]).catch(() => {}))
    const group = unique('all')
    for (const name of [topic, unread, letters]) await stream.append(name, numbered(10))
    await stream.resetOffsets(
      group,
      [topic, letters].map((name) => ({ topic: name, partition: 0, offset: 10n })),
    )
    await stream.dropExpired()
    expect(await readAll(stream, topic)).toHaveLength(10)
    await impatient.dropExpired()
    expect(await readAll(stream, topic)).toHaveLength(0)
    expect(await readAll(stream, unread)).toHaveLength(10)
    expect(await readAll(stream, letters)).toHaveLength(10)
  })

  test('with unread_retention_ms drops messages that no group reads and warns a reader that lags; unread messages of a group stay', async () => {
    const warnings: string[] = []
    const logger: Logger = {
      debug() {},
      info() {},
      warn: (_, message) => void warnings.push(message),
      error() {},
      child: () => logger,
    }
    const stream = await openLog(url, { unread_retention_ms: 0, logger })
    const topic = await topicFor(stream, 'longest', 1)
    await stream.append(topic, numbered(10))
    const abort = new AbortController()
    onTestFinished(() => abort.abort())
    await stream.dropExpired()
    await stream.append(topic, numbered(5, { from: 10 }))
    const reader = new Collector(
      stream.read({ topics: [topic], from: [{ topic, partition: 0, offset: 3n }], signal: abort.signal }),
    )
    await reader.count(5)
    expect(reader.values.map(Number)).toEqual(range(5, 10))
    expect(warnings).toEqual([expect.stringContaining('retention dropped messages')])

    const grouped = await topicFor(stream, 'grouped', 1)
    await stream.append(grouped, numbered(10))
    await stream.resetOffsets(unique('behind'), [{ topic: grouped, partition: 0, offset: 0n }])
    await stream.dropExpired()
    expect(await readAll(stream, grouped)).toHaveLength(10)
  })

  test('drops many chunks, and from two clients at once', async () => {
    const clients = await Promise.all([1, 2].map(() => openLog(url, { retention_ms: 0 })))
    const stream = clients[0] as (typeof clients)[number]
    const topic = await topicFor(stream, 'many', 2)
    for (let i = 0; i < 250; i++) await stream.append(topic, numbered(4, { keys: 4 }))
    const [description] = await stream.describeTopics([topic])
    const ends = (description?.partitions ?? []).map(({ partition, latest }) => ({ topic, partition, offset: latest }))
    await stream.resetOffsets(unique('done'), ends)
    await Promise.all(clients.map((client) => client.dropExpired()))
    await stream.dropExpired()
    const after = await stream.describeTopics([topic])
    expect(after[0]?.partitions.every(({ earliest, latest }) => earliest === latest)).toBe(true)
    expect(await readAll(stream, topic)).toEqual([])
  })
})
