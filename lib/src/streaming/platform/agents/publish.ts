import { type Logger, QiError, type RecordType, type RecordValues, type Stream } from '../../../base/index.ts'
import { CryptoDataPublisher } from '../../../publishers/index.ts'

/**
 * Carries records that an agent has made into the stream, on the way of all records; returns when they are durable.
 * @throws QiError BAD_DATA where some are no valid records, which are then in the dead letters
 */
export async function publishRecords<R extends RecordValues>(
  { stream, logger, agent }: { readonly stream: Stream; readonly logger: Logger; readonly agent: string },
  type: RecordType<R>,
  records: readonly R[],
): Promise<void> {
  if (records.length === 0) return
  const source = {
    name: agent,
    check: async () => ({ ok: true, summary: 'an agent' }),
    close: async () => {},
    async *[Symbol.asyncIterator]() {
      yield { type, records }
    },
    [Symbol.asyncDispose]: async () => {},
  }
  await using publisher = new CryptoDataPublisher({ source, stream, logger })
  await publisher.run()
  const { invalid } = publisher.stats()
  if (invalid > 0)
    throw new QiError(
      'BAD_DATA',
      `${agent}: ${invalid} of ${records.length} ${type.name} records are invalid; see ${type.topic}.dlq`,
    )
}
