import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { EncodedBatch } from '../../../lib/src/base/types/index.ts'
import { partitionOf } from '../../../lib/src/base/types/wire/index.ts'
import { openRedpanda, parseRedpandaConfig } from '../../../lib/src/streaming/redpanda/index.ts'
import { unique } from '../../contracts/stream/collector.ts'
import { type Kafka, startKafka } from '../../support/kafka.ts'
import { describeWith } from '../../support/services.ts'

/** Changes one byte in the records of a batch in the broker's log file; brokers send batches without checking them. */
async function damage(file: string, batch: number): Promise<void> {
  const log = await readFile(file)
  let at = 0
  for (let i = 0; i < batch; i++) at += 12 + log.readInt32BE(at + 8)
  await using handle = await open(file, 'r+')
  await handle.write(Buffer.of(log.readUInt8(at + 75) ^ 1), 0, 1, at + 75)
}

/** One key for each of two partitions. */
const KEYS = [0, 1].map((partition) => ['a', 'b', 'c', 'd', 'e', 'f'].find((key) => partitionOf(key, 2) === partition)) as [
  string,
  string,
]

const seenIn = (batch: EncodedBatch): string[] =>
  batch.damage === undefined
    ? Array.from({ length: batch.length }, (_, i) => `${batch.partition}:${Buffer.from(batch.value(i))}`)
    : [`${batch.partition}/${batch.firstOffset}-${batch.nextOffset - 1n} ${batch.damage}`]

describeWith('kafka', 'redpanda with a batch that is damaged on the disk of the broker', () => {
  let kafka: Kafka
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka?.stop())

  test.each([
    ['in the middle', 1, ['0/2-3 its checksum is wrong', '0:0a', '0:0b', '0:2a', '0:2b']],
    ['at the end', 2, ['0/4-5 its checksum is wrong', '0:0a', '0:0b', '0:1a', '0:1b']],
  ])('%s: groups and readers continue after it, and the other partitions are read', async (_, batch, expected) => {
    const stream = await openRedpanda(parseRedpandaConfig({ brokers: kafka.brokers }))
    onTestFinished(() => stream.close())
    const topic = unique('damage')
    await stream.createTopics([topic], { partitions: 2 })
    for (let i = 0; i < 3; i++) {
      await stream.append(
        topic,
        ['a', 'b'].map((half) => ({ key: KEYS[0], value: `${i}${half}` })),
      )
      await stream.append(topic, [{ key: KEYS[1], value: `${i}` }])
    }
    await damage(join(kafka.dir, 'data', `${topic}-0`, '00000000000000000000.log'), batch)
    const all = [...expected, '1:0', '1:1', '1:2']

    const read: string[] = []
    for await (const each of stream.read({ topics: [topic], from: 'earliest', untilEnd: true })) read.push(...seenIn(each))
    expect(read.toSorted()).toEqual(all)

    const group = unique('group')
    const subscription = await stream.subscribe({ group, topics: [topic] })
    const seen: string[] = []
    for await (const each of subscription) {
      seen.push(...seenIn(each))
      await subscription.commit([each.next])
      if (seen.length >= all.length) break
    }
    await subscription.close()
    expect(seen.toSorted()).toEqual(all)
    expect((await stream.lag(group)).map(({ lag }) => lag)).toEqual([0n, 0n])
  })
})
