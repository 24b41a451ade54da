import type { Store } from '../../../base/database/index.ts'
import {
  type Logger,
  type PublisherStats,
  QiError,
  type RecordType,
  type RecordValues,
  type Stream,
} from '../../../base/types/index.ts'
import { CryptoDataPublisher } from '../../../publishers/index.ts'

interface Publishing {
  readonly stream: Stream
  readonly logger: Logger
  /** The source name in statistics and dead letters. */
  readonly source: string
  readonly store: Pick<Store, 'clock' | 'calendars'>
}

/**
 * Publishes records made in this process; returns once they are durable in the stream. Invalid records become dead letters.
 * @throws QiError of the stream
 */
export async function publishOnce<R extends RecordValues>(
  { stream, logger, source: name, store }: Publishing,
  type: RecordType<R>,
  records: readonly R[],
): Promise<PublisherStats> {
  const source = {
    name,
    check: async () => ({ ok: true, summary: 'records of this process' }),
    close: async () => {},
    async *[Symbol.asyncIterator]() {
      yield { type, records }
    },
    [Symbol.asyncDispose]: async () => {},
  }
  await using publisher = new CryptoDataPublisher({ source, stream, logger, now: store.clock.now, calendars: store.calendars })
  await publisher.run()
  return publisher.stats()
}

/**
 * {@link publishOnce} for the records of an agent.
 * @throws QiError BAD_DATA if some are invalid
 */
export async function publishRecords<R extends RecordValues>(
  { agent, ...publishing }: Omit<Publishing, 'source'> & { readonly agent: string },
  type: RecordType<R>,
  records: readonly R[],
): Promise<void> {
  if (records.length === 0) return
  const { invalid } = await publishOnce({ ...publishing, source: agent }, type, records)
  if (invalid > 0)
    throw new QiError(
      'BAD_DATA',
      `${agent}: ${invalid} of ${records.length} ${type.name} records are invalid; see ${type.topic}.dlq`,
    )
}
