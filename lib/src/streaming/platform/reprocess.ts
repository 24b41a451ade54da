import {
  abortable,
  type EncodedBatch,
  type Position,
  QiError,
  type ReprocessOptions,
  type ReprocessRequest,
  type ReprocessResult,
  retry,
  type Sink,
  type Stream,
  suggest,
  type TopicCatalogue,
  throwIfAborted,
} from '../../base/index.ts'
import { type DeadLetters, writeBatches } from '../pipelines/index.ts'

export interface ReprocessParts {
  readonly stream: Stream
  readonly sinks: readonly Sink[]
  readonly deadLetters: DeadLetters
  readonly catalogue: TopicCatalogue
}

/** A write to a sink that is down is repeated for so long, in milliseconds. */
const PATIENCE = { attempts: Number.POSITIVE_INFINITY, totalMs: 5 * 60_000, baseMs: 100, maxMs: 5_000 } as const

/** Writes what a topic holds to the sinks once more. No group takes part, so those that store what comes are not disturbed. */
export async function reprocess(
  { stream, sinks, deadLetters, catalogue }: ReprocessParts,
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
  const persist = <T>(_target: string, write: () => Promise<T>): Promise<T> => retry(write, { ...PATIENCE, signal })
  const done = { read: 0, written: 0, overwritten: 0, deadLettered: 0 }
  for await (const batch of stream.read({ topics: [topic], from, untilEnd: true, signal })) {
    throwIfAborted(signal)
    if (batch.damage || !endsBefore(batch, appendedFrom)) {
      const { letters, overwritten } = await abortable(writeBatches(type, [batch], { sinks, signal, persist }), signal)
      if (letters.length > 0) await persist('dead letters', () => deadLetters.put(letters, { signal }))
      done.read += batch.length
      done.deadLettered += letters.length
      done.written += batch.length - letters.filter(({ stage }) => stage !== 'read').length - overwritten
      done.overwritten += overwritten
    }
    onProgress({ read: done.read, total })
    batch.release()
  }
  throwIfAborted(signal)
  return done
}

/** A batch that holds something of the time wanted is written as a whole, which is harmless. */
const endsBefore = (batch: EncodedBatch, time: number): boolean => Math.max(...batch.timestamps) < time
