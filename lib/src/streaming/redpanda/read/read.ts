import type { EncodedBatch, Logger, Position, ReadOptions, TopicPartition } from '../../../base/types/index.ts'
import type { TopicAdmin } from '../admin/TopicAdmin.ts'
import type { ConnectionSettings } from '../connection.ts'
import { type CursorStart, partitionKey } from './Cursor.ts'
import { RawFetcher } from './RawFetcher.ts'
import { ReadAhead } from './ReadAhead.ts'

export const DEFAULT_MAX_BYTES = 1024 * 1024

export interface ReadingContext {
  readonly settings: ConnectionSettings
  readonly topics: TopicAdmin
  readonly logger: Logger
}

export function openReadAhead(
  { settings, topics, logger }: ReadingContext,
  names: readonly string[],
  maxBytes = DEFAULT_MAX_BYTES,
): ReadAhead {
  const earliest = async (partition: TopicPartition) => ((await topics.offsets([partition], 'earliest'))[0] as Position).offset
  return new ReadAhead({ fetcher: new RawFetcher(settings, names), maxBytes, earliest, logger })
}

/** The start of each partition of the topics, and its end with `untilEnd`. */
async function starts({ topics }: ReadingContext, { topics: names, from, untilEnd }: ReadOptions): Promise<CursorStart[]> {
  const counts = await topics.partitionCounts(names)
  const partitions = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  )
  const begin = await topics.offsets(partitions, from === 'latest' ? 'latest' : 'earliest')
  const end = untilEnd ? await topics.offsets(partitions, 'latest') : []
  const given = new Map(typeof from === 'string' ? [] : from.map((position) => [partitionKey(position), position.offset]))
  return begin.map((position, i) => ({
    ...position,
    offset: given.get(partitionKey(position)) ?? position.offset,
    ...(end[i] && { until: end[i].offset }),
  }))
}

/** Reads without a group. @param opened registers the reader with its owner, which closes it; returns how to unregister it */
export async function* read(
  context: ReadingContext,
  options: ReadOptions,
  opened: (reader: ReadAhead) => () => void,
): AsyncGenerator<EncodedBatch, void, void> {
  if (options.signal?.aborted) return
  const cursors = await starts(context, options)
  if (cursors.every((cursor) => cursor.until !== undefined && cursor.offset >= cursor.until)) return
  const reader = openReadAhead(context, options.topics, options.maxBytes)
  const forget = opened(reader)
  const stop = () => void reader.close()
  options.signal?.addEventListener('abort', stop, { once: true })
  if (options.signal?.aborted) stop()
  try {
    reader.assign(cursors)
    for (;;) {
      const batch = await reader.next()
      if (!batch) return
      yield batch
    }
  } finally {
    options.signal?.removeEventListener('abort', stop)
    forget()
    await reader.close()
  }
}
