import {
  type EncodedBatch,
  encodedBatch,
  type RecordType,
  type RecordValues,
  type RowSink,
  silentLogger,
} from '../../../lib/src/base/types/index.ts'
import { redis } from '../../../lib/src/consumers/sinks/redis/index.ts'
import type { RedisClient } from '../../support/redis.ts'

export const context = {
  name: 'desk',
  pipeline: 'desk',
  logger: silentLogger,
  signal: new AbortController().signal,
  home: '.',
  store: undefined as never,
}

/** Opens a destination; by default it keeps records of any age. */
export const openRedis = (settings: Readonly<Record<string, unknown>>): Promise<RowSink> =>
  redis.open(redis.config.parse({ ttl: '3650d', ...settings }), context) as Promise<RowSink>

/** The records that Redis keeps, by key. */
export async function keptBy(client: RedisClient, pattern = '*'): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const kept = new Map<string, Record<string, unknown>>()
  for await (const keys of client.scanIterator({ MATCH: pattern, TYPE: 'hash' }))
    for (const key of keys) {
      const record = await client.hGet(key, 'd')
      if (record) kept.set(key, JSON.parse(record) as Record<string, unknown>)
    }
  return kept
}

/** Encodes values as a batch of the type's topic. */
export const batchOf = (type: Pick<RecordType, 'topic'>, values: readonly string[], first = 0): EncodedBatch =>
  encodedBatch(
    type.topic,
    0,
    values.map((value, i) => ({ offset: BigInt(first + i), key: null, value: Buffer.from(value), timestamp: 0 })),
  )

/** Writes records as the runtime does. */
export const write = <R extends RecordValues>(sink: RowSink, type: RecordType<R>, records: readonly R[]) => {
  const values = records.map((record) => type.encode(record))
  return (sink.writeEncoded as NonNullable<RowSink['writeEncoded']>)(type as unknown as RecordType, [batchOf(type, values)])
}
