import type { Store } from '../../base/database/index.ts'
import { abortable, retry, throwIfAborted } from '../../base/networking/index.ts'
import {
  type EncodedBatch,
  type Position,
  QiError,
  type ReprocessOptions,
  type ReprocessRequest,
  type ReprocessResult,
  type RowSink,
  type Stream,
  suggest,
  type TopicCatalogue,
  type WriteResult,
} from '../../base/types/index.ts'
import { consumers } from '../../consumers/index.ts'
import { addressedTo, type DeadLetters, STORE, writeBatches } from '../pipelines/index.ts'

export interface ReprocessParts {
  readonly store: Pick<Store, 'timescale'>
  readonly stream: Stream
  readonly deadLetters: DeadLetters
  readonly catalogue: TopicCatalogue
}

/** The pipeline named in dead letters of reprocessed records. */
const PIPELINE = 'crypto-data'

/** A write is retried for five minutes while the store is down. */
const WRITE_RETRY = { attempts: Number.POSITIVE_INFINITY, totalMs: 5 * 60_000, baseMs: 100, maxMs: 5_000 } as const

/** Writes all records of a topic to the store again. It reads without a consumer group, so it disturbs none. */
export async function reprocess(
  { store, stream, deadLetters, catalogue }: ReprocessParts,
  { topic, appendedFrom = 0 }: ReprocessRequest,
  { signal = new AbortController().signal, onProgress = () => {} }: ReprocessOptions = {},
): Promise<ReprocessResult> {
  const type = catalogue.typeOf(topic)
  if (!type)
    throw new QiError(
      'BAD_REQUEST',
      `topic "${topic.slice(0, 60)}" carries no record type${suggest(topic, catalogue.topics())}`,
      {
        field: 'topic',
      },
    )
  const [described] = await stream.describeTopics([topic])
  if (!described) throw new QiError('NOT_FOUND', `topic "${topic}" does not exist on this stream`, { field: 'topic' })
  const from = described.partitions.map(({ partition, earliest }): Position => ({ topic, partition, offset: earliest }))
  const total = described.partitions.reduce((sum, { earliest, latest }) => sum + Number(latest - earliest), 0)
  const sink: Pick<RowSink, 'name' | 'write' | 'writeEncoded'> = {
    name: STORE,
    write: (of, records, options) => store.timescale.upsert(of, records, options),
    writeEncoded: (of, batches, options) => store.timescale.upsertEncoded(of, batches, options),
  }
  const attempt = async (write: () => Promise<WriteResult>) => ({
    result: await retry(write, { ...WRITE_RETRY, signal }),
    attempts: 1,
  })
  const storing = { sink, delivery: { pipeline: PIPELINE, destination: STORE }, signal, attempt }
  // Skips dead letters that were replayed for another destination.
  const groups = Object.values(consumers).map(({ group }) => group)
  const done = { read: 0, written: 0, overwritten: 0, deadLettered: 0 }
  for await (const batch of stream.read({ topics: [topic], from, untilEnd: true, signal })) {
    throwIfAborted(signal)
    if (batch.damage || !endsBefore(batch, appendedFrom)) {
      const stored = writeBatches(type, [addressedTo(groups, batch)], storing)
      const { letters, written, overwritten } = await abortable(stored, signal)
      if (letters.length > 0) await retry(() => deadLetters.put(letters, { signal }), { ...WRITE_RETRY, signal })
      done.read += batch.length
      done.deadLettered += letters.length
      done.written += written
      done.overwritten += overwritten
    }
    onProgress({ read: done.read, total })
    batch.release()
  }
  throwIfAborted(signal)
  return done
}

/** True if the whole batch was appended before `time`. A batch that was partly appended later is written as a whole, which is harmless. */
const endsBefore = (batch: EncodedBatch, time: number): boolean => Math.max(...batch.timestamps) < time
