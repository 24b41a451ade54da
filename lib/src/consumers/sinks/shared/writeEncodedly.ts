import {
  encodedBatch,
  type Failure,
  type RecordType,
  type RecordValues,
  type RowSink,
  toQiError,
  type WriteOptions,
  type WriteResult,
} from '../../../base/types/index.ts'

/** Implements `write` by `writeEncoded`: encodes the records, and reports those that cannot be encoded as failures. */
export async function writeEncodedly<R extends RecordValues>(
  sink: Required<Pick<RowSink, 'writeEncoded'>>,
  type: RecordType<R>,
  records: readonly R[],
  options?: WriteOptions,
): Promise<WriteResult> {
  const failed: Failure[] = []
  const indexes: number[] = []
  const values: Uint8Array[] = []
  records.forEach((record, index) => {
    try {
      values.push(Buffer.from(type.encodeChecked(record)))
      indexes.push(index)
    } catch (error) {
      failed.push({ index, error: toQiError(error) })
    }
  })
  const messages = values.map((value, i) => ({ offset: BigInt(i), key: null, value, timestamp: 0 }))
  const batches = messages.length === 0 ? [] : [encodedBatch(type.topic, 0, messages)]
  const result = await sink.writeEncoded(type as unknown as RecordType, batches, options)
  const own = result.failed.map(({ index, error }) => ({ index: indexes[index] as number, error }))
  return { ...result, failed: [...failed, ...own].sort((a, b) => a.index - b.index) }
}
