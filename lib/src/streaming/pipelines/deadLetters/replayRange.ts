import {
  type AppendOptions,
  type Headers,
  type Message,
  QiError,
  type ReplayEntry,
  type Stream,
} from '../../../base/types/index.ts'
import { addressedTo, FOR_HEADER, groupOf } from '../delivery.ts'
import { REPLAYED_HEADER } from './letter.ts'

/** The headers of a replayed record: the id of its letter, and the one group that is to write it. */
export function replayHeaders({ id, pipeline, destination }: Pick<ReplayEntry, 'id' | 'pipeline' | 'destination'>): Headers {
  const group = pipeline !== undefined && destination !== undefined ? groupOf({ pipeline, destination }) : undefined
  return { ...(id !== undefined && { [REPLAYED_HEADER]: id }), ...(group !== undefined && { [FOR_HEADER]: group }) }
}

/**
 * Appends the records of a skipped range again, for its delivery alone, as far as the log still holds them.
 * @returns their number, and an error where some or all are gone
 */
export async function replayRange(
  stream: Stream,
  entry: ReplayEntry,
  portions: (messages: readonly Message[]) => Iterable<readonly Message[]>,
  options: AppendOptions = {},
): Promise<{ readonly records: number; readonly missing?: QiError }> {
  const { topic, partition, offset, lastOffset, pipeline, destination } = entry
  const incomplete = [partition, offset, lastOffset, pipeline, destination].includes(undefined)
  if (incomplete) {
    const fields = 'partition, offset, last_offset, pipeline and destination'
    return { records: 0, missing: new QiError('BAD_DATA', `the letter of a range needs ${fields}`, { field: 'offset' }) }
  }
  const [described] = await stream.describeTopics([topic])
  const held = described?.partitions.find((one) => one.partition === partition)
  const first = offset as bigint
  const last = lastOffset as bigint
  if (!described || !held || held.earliest > last) {
    const message = `offsets ${first} to ${last} of ${topic} partition ${partition} are no longer in the log; take their records from their source again (qicore backfill)`
    return { records: 0, missing: new QiError('NOT_FOUND', message, { field: 'id' }) }
  }
  const from = described.partitions.map((one) => ({
    topic,
    partition: one.partition,
    offset: one.partition === partition ? (held.earliest > first ? held.earliest : first) : one.latest,
  }))
  const group = groupOf({ pipeline: pipeline as string, destination: destination as string })
  const headers = replayHeaders(entry)
  let records = 0
  for await (const read of stream.read({ topics: [topic], from, untilEnd: true, ...options })) {
    if (read.partition !== partition) continue
    const batch = read.damage ? read : addressedTo([group], read)
    const messages: Message[] = []
    for (let i = 0; i < batch.length && batch.offset(i) <= last; i++)
      messages.push({ key: batch.keys[i] ?? null, value: batch.original(i), headers })
    for (const part of portions(messages)) await stream.append(topic, part, options)
    records += messages.length
    const over = read.nextOffset > last
    read.release()
    if (over) break
  }
  if (held.earliest <= first) return { records }
  const message = `offsets ${first} to ${held.earliest - 1n} of ${topic} partition ${partition} are no longer in the log; the others were replayed`
  return { records, missing: new QiError('NOT_FOUND', message, { field: 'id' }) }
}
