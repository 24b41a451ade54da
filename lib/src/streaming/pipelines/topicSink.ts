import type { EncodedBatch, Message, RecordType, RowSink, Stream } from '../../base/types/index.ts'

export interface TopicSinkOptions {
  readonly stream: Pick<Stream, 'append' | 'describeTopics'>
  readonly topic: string
  /** The record type that the topic carries. */
  readonly type: RecordType
}

/** Messages in one append: a broker takes them in one request, and a retry repeats no more than these. */
const MOST_MESSAGES = 5_000

/**
 * Writes records into a topic, for other pipelines to read. Values and keys are appended as they came, so records of one key keep their
 * order. After a crash some are appended again: readers see them twice, and the store keeps one by its primary key.
 */
export function topicSink({ stream, topic, type }: TopicSinkOptions): RowSink {
  const append = async (messages: readonly Message[], signal: AbortSignal | undefined): Promise<void> => {
    for (let at = 0; at < messages.length; at += MOST_MESSAGES)
      await stream.append(topic, messages.slice(at, at + MOST_MESSAGES), signal ? { signal } : {})
  }
  const close = async () => {}
  return {
    name: `topic ${topic}`,
    guarantee: 'at_least_once',
    accepts: (given) => given.name === type.name,
    async write(given, records, { signal } = {}) {
      await append(
        records.map((record) => ({ key: given.messageKey(record), value: given.encode(record) })),
        signal,
      )
      return { written: records.length, failed: [] }
    },
    async writeEncoded(_, batches, { signal } = {}) {
      const messages = batches.flatMap(messagesOf)
      await append(messages, signal)
      return { written: messages.length, failed: [] }
    },
    async check() {
      const [found] = await stream.describeTopics([topic])
      return found
        ? { ok: true, summary: `topic ${topic} exists` }
        : { ok: false, summary: `topic ${topic} does not exist`, remedy: 'restart the platform, which creates it' }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Leaves out headers: they address a record to a group of the topic that it was read from. */
const messagesOf = (batch: EncodedBatch): Message[] =>
  Array.from({ length: batch.length }, (_, index) => ({ key: batch.keys[index] ?? null, value: batch.original(index) }))
