import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Message } from '../../../lib/src/base/types/index.ts'
import { checksumOf, compress, decompressInto } from '../../../lib/src/streaming/embedded/compression.ts'
import { testDatabase } from '../../support/database.ts'
import { openLog, unique } from './openLog.ts'

const json = (records: number): string =>
  Array.from({ length: records }, (_, i) => `{"coin_id":"coin-${i}","price":"${i * 7}.25","currency":"usd"}`).join('\n')

/** Decompresses between two guard bytes, which must not change. */
function decompress(packed: Uint8Array, size: number): Buffer {
  const target = Buffer.alloc(size + 2, 7)
  decompressInto(target, 1, size, packed)
  expect([target[0], target[size + 1]]).toEqual([7, 7])
  return target.subarray(1, -1)
}

describe('a chunk', () => {
  test.each([1024, 1025, 65_535, 65_536, 1_000_003])('of %i bytes is decompressed to the same bytes', (size) => {
    const bytes = Buffer.from(json(30_000)).subarray(0, size)
    expect(bytes.length).toBe(size)
    const packed = compress(bytes)
    expect(packed?.length).toBeLessThan(size / 2)
    expect(decompress(packed as Buffer, size).equals(bytes)).toBe(true)
  })

  test('that is small, or would not become smaller, is not compressed', () => {
    expect(compress(Buffer.from(json(30_000)).subarray(0, 1023))).toBeUndefined()
    expect(compress(randomBytes(100_000))).toBeUndefined()
  })

  test('that is damaged has another checksum; one that is truncated or of another length is refused', () => {
    const bytes = Buffer.from(json(1000))
    const packed = compress(bytes) as Buffer
    const damaged = Buffer.from(packed)
    damaged[packed.length >> 1] = (damaged[packed.length >> 1] as number) ^ 1
    expect(checksumOf(damaged)).not.toBe(checksumOf(packed))
    expect(() => decompress(packed.subarray(0, -1), bytes.length)).toThrow()
    expect(() => decompress(packed, bytes.length - 1)).toThrow()
    expect(() => decompress(packed, bytes.length + 1)).toThrow(/instead of/)
  })
})

describe('the log', async () => {
  const { url } = await testDatabase()
  const client = new Client(url)
  beforeAll(() => client.connect())
  afterAll(() => client.end())

  async function logWith(messages: readonly Message[]) {
    const log = await openLog(url)
    const topic = unique('packed')
    await log.createTopics([topic], { partitions: 1 })
    for (const message of messages) await log.append(topic, [message])
    const { rows } = await client.query<{ id: number; unpacked: number | null; stored: number }>(
      `select c.partition_id as id, c.unpacked, octet_length(c.bytes) as stored from qicore_stream.chunks c
       join qicore_stream.partitions p on p.id = c.partition_id join qicore_stream.topics t on t.id = p.topic_id
       where t.name = $1 order by base_offset`,
      [topic],
    )
    const values = async () => {
      const all: string[] = []
      for await (const batch of log.read({ topics: [topic], from: 'earliest', untilEnd: true }))
        for (let i = 0; i < batch.length; i++) all.push(Buffer.from(batch.value(i)).toString('latin1'))
      return all
    }
    return { chunks: rows, values }
  }

  test('compresses repetitive chunks only, and reads all of them in order', async () => {
    const noise = randomBytes(50_000)
    const { chunks, values } = await logWith([
      { key: null, value: 'small' },
      { key: 'k', value: json(5000) },
      { key: null, value: noise },
      { key: 'k', value: json(4000) },
    ])
    expect(chunks.map(({ unpacked }) => unpacked !== null)).toEqual([false, true, false, true])
    expect(chunks[1]?.stored).toBeLessThan((chunks[1]?.unpacked ?? 0) / 2)
    expect(await values()).toEqual(['small', json(5000), noise.toString('latin1'), json(4000)])
  })
})
