import type { EncodedBatch, Logger, Position, ReadOptions, TopicPartition } from '../../base/index.ts'
import type { ConnectionSettings } from './connection.ts'
import { RawFetcher } from './RawFetcher.ts'
import { ReadAhead } from './ReadAhead.ts'
import { type LaneStart, laneKey } from './ReadLane.ts'
import type { TopicAdmin } from './TopicAdmin.ts'

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

/** Where each partition of the topics begins, and ends if it is to. */
async function starts({ topics }: ReadingContext, { topics: names, from, untilEnd }: ReadOptions): Promise<LaneStart[]> {
  const counts = await topics.partitionCounts(names)
  const partitions = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  )
  const begin = await topics.offsets(partitions, from === 'latest' ? 'latest' : 'earliest')
  const end = untilEnd ? await topics.offsets(partitions, 'latest') : []
  const given = new Map(typeof from === 'string' ? [] : from.map((position) => [laneKey(position), position.offset]))
  return begin.map((position, i) => ({
    ...position,
    offset: given.get(laneKey(position)) ?? position.offset,
    ...(end[i] && { until: end[i].offset }),
  }))
}

/** Reads without a group; `opened` lets the owner close what is still being read. */
export async function* read(
  context: ReadingContext,
  options: ReadOptions,
  opened: (reader: ReadAhead) => () => void,
): AsyncGenerator<EncodedBatch, void, void> {
  if (options.signal?.aborted) return
  const lanes = await starts(context, options)
  if (lanes.every((lane) => lane.until !== undefined && lane.offset >= lane.until)) return
  const reader = openReadAhead(context, options.topics, options.maxBytes)
  const forget = opened(reader)
  const stop = () => void reader.close()
  options.signal?.addEventListener('abort', stop, { once: true })
  if (options.signal?.aborted) stop()
  try {
    reader.assign(lanes)
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
