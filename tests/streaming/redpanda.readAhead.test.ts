import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { EncodedBatch, silentLogger, type TopicPartition } from '../../lib/src/base/index.ts'
import type { Fetched, FetchLimits, PartitionFetcher, Want } from '../../lib/src/streaming/redpanda/PartitionFetcher.ts'
import { ReadAhead } from '../../lib/src/streaming/redpanda/ReadAhead.ts'

const PARTITIONS = 24
const MAX_BYTES = 100_000
/** Bytes of a batch unpacked, and compressed. */
const UNPACKED = 10_000
const ON_THE_WIRE = 1_000

const batchAt = ({ topic, partition }: Want, offset: bigint): EncodedBatch =>
  new EncodedBatch({
    ...{ topic, partition, firstOffset: offset, nextOffset: offset + 1n },
    bytes: Buffer.alloc(UNPACKED),
    spans: Int32Array.of(0, UNPACKED),
    keys: [null],
    timestamps: Float64Array.of(0),
  })

/** Brokers whose partitions have no end. They fill an answer as Kafka does: in the order of the request, one batch at least. */
class EndlessBrokers implements PartitionFetcher {
  given = 0
  readonly #brokers: number

  constructor(brokers: number) {
    this.#brokers = brokers
  }

  async byLeader<P extends TopicPartition>(partitions: readonly P[]): Promise<ReadonlyMap<number, readonly P[]>> {
    return Map.groupBy(partitions, ({ partition }) => partition % this.#brokers)
  }

  async fetch(_leader: number, wants: readonly Want[], { maxAnswerBytes }: FetchLimits): Promise<readonly Fetched[]> {
    await turn()
    let room = maxAnswerBytes
    return wants.map((want, i) => {
      const most = Math.floor(Math.min(room, want.wireBytes) / ON_THE_WIRE)
      const batches = Array.from({ length: i === 0 ? Math.max(1, most) : Math.max(0, most) }, (_, at) =>
        batchAt(want, want.offset + BigInt(at)),
      )
      room -= batches.length * ON_THE_WIRE
      this.given += batches.length * UNPACKED
      return { topic: want.topic, partition: want.partition, batches, nextOffset: want.offset + BigInt(batches.length) }
    })
  }

  async close(): Promise<void> {}
}

async function readMany(brokers: number): Promise<{ readonly held: number; readonly partitions: number }> {
  const fetcher = new EndlessBrokers(brokers)
  const reader = new ReadAhead({
    fetcher,
    maxBytes: MAX_BYTES,
    earliest: async () => 0n,
    logger: silentLogger,
  })
  reader.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: 't', partition, offset: 0n })))
  const seen = new Set<number>()
  let taken = 0
  let held = 0
  // The taker works in bursts: it leaves much room, and then time to fill it.
  for (let burst = 0; burst < 50; burst++) {
    for (let i = 0; i < 40; i++) {
      const batch = await reader.next()
      seen.add(batch?.partition ?? -1)
      taken += batch?.bytes.length ?? 0
    }
    for (let i = 0; i < 5; i++) await turn()
    held = Math.max(held, fetcher.given - taken)
  }
  await reader.close()
  return { held, partitions: seen.size }
}

describe('reading ahead of partitions that unpack to ten times of what they are', () => {
  test('holds eight batches of the largest size, and little more, however many partitions have messages', async () => {
    const { held, partitions } = await readMany(1)
    expect(partitions).toBe(PARTITIONS)
    expect(held).toBeGreaterThan(5 * MAX_BYTES)
    expect(held).toBeLessThanOrEqual(10 * MAX_BYTES)
  })

  test('shares that among brokers', async () => {
    const { held, partitions } = await readMany(3)
    expect(partitions).toBe(PARTITIONS)
    expect(held).toBeLessThanOrEqual(16 * MAX_BYTES)
  })
})
