import {
  type EncodedBatch,
  encodedBatch,
  type RecordType,
  type RecordValues,
  type RowSink,
  silentLogger,
} from '../../../lib/src/base/types/index.ts'
import { clickhouse } from '../../../lib/src/consumers/sinks/clickhouse/index.ts'

export const openClickHouse = (settings: Readonly<Record<string, unknown>>): Promise<RowSink> =>
  clickhouse.open(clickhouse.config.parse(settings), {
    name: 'house',
    pipeline: 'house',
    logger: silentLogger,
    signal: new AbortController().signal,
    home: '.',
    store: undefined as never,
  } as never) as Promise<RowSink>

/** Encodes values as a batch of the type's topic. */
export const batchOf = (type: Pick<RecordType, 'topic'>, values: readonly string[]): EncodedBatch =>
  encodedBatch(
    type.topic,
    0,
    values.map((value, i) => ({ offset: BigInt(i), key: null, value: Buffer.from(value), timestamp: 0 })),
  )

export const writeValues = (sink: RowSink, type: Pick<RecordType, 'topic'>, values: readonly string[]) =>
  (sink.writeEncoded as NonNullable<RowSink['writeEncoded']>)(type as RecordType, [batchOf(type, values)])

/** Writes records as the runtime does. */
export const write = <R extends RecordValues>(sink: RowSink, type: RecordType<R>, records: readonly R[]) =>
  writeValues(
    sink,
    type as unknown as RecordType,
    records.map((record) => type.encode(record)),
  )
