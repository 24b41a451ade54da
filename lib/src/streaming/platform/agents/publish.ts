import {
  type Logger,
  type PublisherStats,
  QiError,
  type RecordType,
  type RecordValues,
  type Store,
  type Stream,
} from '../../../base/index.ts'
import { CryptoDataPublisher } from '../../../publishers/index.ts'

interface Publishing {
  readonly stream: Stream
  readonly logger: Logger
  /** The name that statistics and dead letters show. */
  readonly source: string
  readonly store: Pick<Store, 'clock' | 'calendars'>
}

/**
 * Carries records that were made in this process into the stream, on the way of all records; returns when they are durable. Those that
 * are no valid records are in the dead letters.
 * @throws QiError what the stream throws
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
 * {@link publishOnce} for records that an agent has made.
 * @throws QiError BAD_DATA where some are no valid records
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
