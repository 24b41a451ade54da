import { crc32 } from 'node:zlib'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EncodedBatch, Message } from '../../../lib/src/base/types/index.ts'
import { partitionOf } from '../../../lib/src/base/types/wire/index.ts'
import type { EmbeddedStreamOptions } from '../../../lib/src/streaming/embedded/index.ts'
import { DeadLetters } from '../../../lib/src/streaming/pipelines/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { openLog, unique } from './openLog.ts'

const { url } = await testDatabase()
const client = new Client(url)
beforeAll(() => client.connect())
afterAll(() => client.end())

/** A few hundred bytes are stored uncompressed, a few thousand compressed. */
const message = (text: string, repeated = 400, key: string | null = null): Message => ({
  key,
  value: `{"text":"${text}"${' '.repeat(repeated)}}`,
})

interface LogWith extends Partial<EmbeddedStreamOptions> {
  readonly partitions?: number
  readonly repeated?: number
}

/** Creates a topic whose partitions have chunks of two messages. */
async function logWith(chunks: number, { partitions = 1, repeated = 400, ...options }: LogWith = {}) {
  const log = await openLog(url, options)
  const topic = unique('damage')
  await log.createTopics([topic], { partitions })
  const ids = await client.query<{ id: number }>(
    'select p.id from qicore_stream.partitions p join qicore_stream.topics t on t.id = p.topic_id where t.name = $1 order by partition',
    [topic],
  )
  for (let i = 0; i < chunks; i++)
    for (let p = 0; p < partitions; p++)
      await log.append(
        topic,
        ['a', 'b'].map((half) => message(`${p}:${i}${half}`, repeated, keyOf(p, partitions))),
      )
  const damage = (set: string, base: number, partition = 0) =>
    client.query(`update qicore_stream.chunks set ${set} where partition_id = $1 and base_offset = $2`, [
      ids.rows[partition]?.id,
      base,
    ])
  return { log, topic, damage, ids: ids.rows.map(({ id }) => id) }
}

/** A key whose messages go to the partition. */
const keyOf = (partition: number, partitions: number): string =>
  Array.from({ length: 1000 }, (_, i) => `key-${i}`).find((key) => partitionOf(key, partitions) === partition) as string

const textsOf = (batch: EncodedBatch): string[] =>
  Array.from({ length: batch.length }, (_, i) => (JSON.parse(Buffer.from(batch.value(i)).toString()) as { text: string }).text)

/** The result of reading: values of the records, and `first-last` offsets of damaged batches. */
async function collect(batches: AsyncIterable<EncodedBatch>, enough = Number.POSITIVE_INFINITY): Promise<string[]> {
  const seen: string[] = []
  for await (const batch of batches) {
    if (batch.damage) seen.push(`${batch.firstOffset}-${batch.nextOffset - 1n}`)
    seen.push(...textsOf(batch))
    if (seen.length >= enough) break
  }
  return seen
}

const FLIP = 'bytes = set_byte(bytes, 20, get_byte(bytes, 20) # 1)'

describe('a damaged chunk', () => {
  test.each([
    ['a figure that was changed', FLIP, 400, /checksum is wrong/],
    ['packed bytes that were changed', FLIP, 4000, /checksum is wrong/],
    [
      'an old chunk without a checksum that cannot be decompressed',
      'checksum = null, bytes = substring(bytes for 30)',
      4000,
      /cannot be decompressed/,
    ],
    ['an earlier chunk that is malformed', 'checksum = null, bytes = substring(bytes from 3)', 400, /malformed/],
    ['a size beyond all sense', 'unpacked = 2147483647', 4000, /cannot be decompressed/],
    ['a size below zero', 'unpacked = -1', 4000, /cannot be decompressed/],
    ['no size', 'unpacked = null', 4000, /malformed/],
    ['a size of an uncompressed chunk', 'unpacked = 3', 400, /cannot be decompressed/],
    ['more messages than it has', 'count = 2000000000', 400, /malformed/],
    ['cut off', 'bytes = substring(bytes for 30)', 400, /checksum is wrong/],
  ])('with %s is reported with its offsets, and only its own records are lost', async (_, set, repeated, reason) => {
    const { log, topic, damage } = await logWith(4, { repeated })
    await damage(set, 2)
    const batches: EncodedBatch[] = []
    for await (const batch of log.read({ topics: [topic], from: 'earliest', untilEnd: true })) batches.push(batch)
    expect(batches.flatMap(textsOf)).toEqual(['0:0a', '0:0b', '0:2a', '0:2b', '0:3a', '0:3b'])
    const [damaged, ...others] = batches.filter((batch) => batch.damage !== undefined)
    expect(others).toEqual([])
    expect(damaged).toMatchObject({ topic, partition: 0, firstOffset: 2n, length: 0 })
    expect(damaged?.damage).toMatch(reason)
    expect(batches.map(({ firstOffset }) => firstOffset).toSorted()).toEqual(batches.map(({ firstOffset }) => firstOffset))
  })

  test('is reported wherever reading starts and ends', async () => {
    const { log, topic, damage } = await logWith(3)
    await damage(FLIP, 2)
    const from = (offset: bigint) => log.read({ topics: [topic], from: [{ topic, partition: 0, offset }], untilEnd: true })
    expect(await collect(from(3n))).toEqual(['2-3', '0:2a', '0:2b'])
    expect(await collect(from(4n))).toEqual(['0:2a', '0:2b'])
    await damage(FLIP, 4)
    expect(await collect(from(1n))).toEqual(['0:0b', '2-3', '4-5'])
    const following = log.read({ topics: [topic], from: [{ topic, partition: 0, offset: 4n }] })
    const followed = collect(following, 3)
    await log.append(topic, [message('new'), message('newer')])
    expect(await followed).toEqual(['4-5', 'new', 'newer'])
  })

  test('is skipped by a group once, and the other partitions are read', async () => {
    const { log, topic, damage } = await logWith(5, { partitions: 3 })
    await damage(FLIP, 4, 1)
    await damage(FLIP, 6, 1)
    const first = await log.subscribe({ group: topic, topics: [topic] })
    const seen: string[] = []
    for await (const batch of first) {
      seen.push(...(batch.damage ? [`${batch.partition}/${batch.firstOffset}-${batch.nextOffset - 1n}`] : textsOf(batch)))
      await first.commit([batch.next])
      if (seen.length === 28) break
    }
    expect(seen.filter((text) => text.includes('-'))).toEqual(['1/4-5', '1/6-7'])
    expect(new Set(seen).size).toBe(28)
    expect(seen.filter((text) => text.startsWith('1:'))).toEqual(['1:0a', '1:0b', '1:1a', '1:1b', '1:4a', '1:4b'])
    await first.close()
    expect((await log.lag(topic)).map(({ lag }) => lag)).toEqual([0n, 0n, 0n])

    // The group's offsets may be reset to before the damaged chunk and to after it.
    await log.resetOffsets(topic, [{ topic, partition: 1, offset: 5n }])
    const again = await log.subscribe({ group: topic, topics: [topic] })
    expect(await collect(again, 4)).toEqual(['4-5', '6-7', '1:4a', '1:4b'])
    await again.seek({ topic, partition: 1, offset: 8n })
    expect(await collect(again, 2)).toEqual(['1:4a', '1:4b'])
    await again.close()
  })

  test('at the end that claims more messages than it has hides no later messages', async () => {
    const { log, topic, damage } = await logWith(2)
    await damage('count = 2000000000', 2)
    const reader = log.read({ topics: [topic], from: 'earliest' })
    const read = collect(reader, 4)
    await log.append(topic, [message('later')])
    expect(await read).toEqual(['0:0a', '0:0b', '2-3', 'later'])
  })

  test('is dropped by retention like any other', async () => {
    const { log, topic, damage } = await logWith(3, { retention_ms: 1 })
    await damage(FLIP, 0)
    await log.resetOffsets(topic, [{ topic, partition: 0, offset: 4n }])
    await until(async () => {
      await log.dropExpired()
      return (await log.describeTopics([topic]))[0]?.partitions[0]?.earliest === 4n
    }, 'the damaged chunk to be dropped')
  })

  test('of dead letters is listed, and so are the letters before and after it', async () => {
    const { log, topic } = await logWith(0)
    const box = new DeadLetters(log)
    const letter = (value: string) => ({ topic, stage: 'store', reason: value, attempts: 1, key: null, value }) as const
    for (const value of ['one', 'two', 'three']) await box.put([letter(value)])
    await client.query(
      `update qicore_stream.chunks c set ${FLIP} from qicore_stream.partitions p, qicore_stream.topics t
       where p.id = c.partition_id and t.id = p.topic_id and t.name = $1 and base_offset = 1`,
      [`${topic}.dlq`],
    )
    const listed = await box.list({ topic })
    expect(listed.map(({ stage, reason }) => [stage, reason.replace(/^.*\.dlq /, '')])).toEqual([
      ['store', 'one'],
      ['read', 'partition 0, offset 1: damaged and cannot be read: its checksum is wrong'],
      ['store', 'three'],
    ])
    const [, damaged] = listed
    expect((await box.replay({ ids: [damaged?.id as string] })).refused).toMatchObject([{ error: { code: 'BAD_REQUEST' } }])
    expect((await log.describeTopics()).map(({ name }) => name)).not.toContain(`${topic}.dlq.dlq`)
  })
})

test('a dead letter that is too large for the stream keeps less of the original', async () => {
  const { log, topic } = await logWith(0, { max_message_bytes: 2000 })
  const box = new DeadLetters(log)
  await box.put([
    {
      topic,
      stage: 'read',
      partition: 0,
      offset: 1n,
      reason: 'x'.repeat(5000),
      attempts: 1,
      key: null,
      value: Buffer.alloc(99_999, 255),
    },
  ])
  const [letter] = await box.list({ topic })
  expect(letter).toMatchObject({ stage: 'read', offset: 1n, truncatedFrom: 99_999, reason: 'x'.repeat(900) })
  expect(letter?.value).toBe(Buffer.alloc(900, 255).toString('base64'))
})

test('chunks have the checksum of their stored bytes, as PostgreSQL computes it', async () => {
  const { ids } = await logWith(2, { repeated: 4000 })
  const { rows } = await client.query<{ checksum: number; bytes: Buffer; unpacked: number }>(
    'select checksum, bytes, unpacked from qicore_stream.chunks where partition_id = $1',
    [ids[0]],
  )
  expect(rows).toHaveLength(2)
  for (const { checksum, bytes, unpacked } of rows) {
    expect(unpacked).toBeGreaterThan(bytes.length)
    expect(checksum).toBe(crc32(bytes) | 0)
  }
})
