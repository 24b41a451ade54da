import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EncodedBatch, QiError, silentLogger, type TopicPartition } from '../../../lib/src/base/types/index.ts'
import type { Fetched, FetchLimits, PartitionFetcher, Want } from '../../../lib/src/streaming/redpanda/read/PartitionFetcher.ts'
import { ReadAhead } from '../../../lib/src/streaming/redpanda/read/ReadAhead.ts'

const PARTITIONS = 24
const MAX_BYTES = 100_000
/** Bytes of a batch, decompressed and compressed. */
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

/** Brokers with endless partitions. Like Kafka they fill an answer in the order of the request, with one batch at least. */
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
  // The reader works in bursts: it makes much room, and then leaves time to fill it.
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

describe('reading ahead of partitions that decompress to ten times their size', () => {
  test('holds little more than eight batches of the largest size, however many partitions have messages', async () => {
    const { held, partitions } = await readMany(1)
    expect(partitions).toBe(PARTITIONS)
    expect(held).toBeGreaterThan(5 * MAX_BYTES)
    expect(held).toBeLessThanOrEqual(10 * MAX_BYTES)
  })

  test('holds no more with several brokers', async () => {
    const { held, partitions } = await readMany(3)
    expect(partitions).toBe(PARTITIONS)
    expect(held).toBeLessThanOrEqual(16 * MAX_BYTES)
  })
})

describe('the reader’s states', () => {
  /** A broker that answers once with a batch and then fails for good. */
  class FailingBroker extends EndlessBrokers {
    #fetches = 0

    constructor() {
      super(1)
    }

    override async fetch(leader: number, wants: readonly Want[], limits: FetchLimits): Promise<readonly Fetched[]> {
      if (this.#fetches++ === 0) return super.fetch(leader, wants, limits)
      throw new QiError('FORBIDDEN', 'no')
    }
  }

  const start = { topic: 't', partition: 0, offset: 0n }
  const open = (fetcher: PartitionFetcher) => {
    const reader = new ReadAhead({ fetcher, maxBytes: MAX_BYTES, earliest: async () => 0n, logger: silentLogger })
    onTestFinished(() => reader.close())
    reader.assign([start])
    return reader
  }
  const pending = async (next: Promise<unknown>) => {
    for (let i = 0; i < 20; i++) await turn()
    return Promise.race([next, 'pending'])
  }

  test('suspended yields nothing until the next assignment', async () => {
    const reader = open(new EndlessBrokers(1))
    expect(await reader.next()).toBeDefined()
    reader.suspend()
    const next = reader.next()
    expect(await pending(next)).toBe('pending')
    reader.assign([], [start])
    expect(await next).toMatchObject({ partition: 0 })
  })

  test('failing yields the batches that were fetched, then throws', async () => {
    const reader = open(new FailingBroker())
    const { firstOffset } = (await reader.next()) as EncodedBatch
    expect(firstOffset).toBe(0n)
    await expect(
      (async () => {
        for (;;) await reader.next()
      })(),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('failed throws although batches are ready, and closed ends reading', async () => {
    const reader = open(new EndlessBrokers(1))
    expect(await reader.next()).toBeDefined()
    reader.fail(new QiError('FORBIDDEN', 'no'))
    reader.suspend()
    await expect(reader.next()).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await reader.close()
    expect(await reader.next()).toBeUndefined()
  })
})
