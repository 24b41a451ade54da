import type { EncodedBatch, Stream, TopicDescription, TopicPartition } from '../../base/index.ts'
import type { DeliverySettings } from './delivery.ts'

/** Offsets of a partition; `to` is the first that does not belong to it. */
export interface OffsetRange extends TopicPartition {
  readonly from: bigint
  readonly to: bigint
}

/** Beyond its bound a lag is cut to this part of it, so that a destination that stays away costs a few letters and not one a moment. */
const CUT_TO = 0.9

type Bounds = Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'>

interface Unread extends OffsetRange {
  readonly described: TopicDescription
}

/** The unread offsets of a group's own partitions that lie beyond the bound of its lag. */
export async function beyondBound(
  stream: Stream,
  group: string,
  own: readonly TopicPartition[],
  { maxLagMs, maxLagBytes }: Bounds,
): Promise<OffsetRange[]> {
  const unread = await unreadOf(stream, group, own)
  const share = Number.isFinite(maxLagBytes) ? await keptShare(stream, group, maxLagBytes) : 1
  const found: OffsetRange[] = []
  for (const { topic, partition, from, to, described } of unread) {
    const bySize = share < 1 ? to - BigInt(Math.floor(Number(to - from) * share)) : from
    const byAge = Number.isFinite(maxLagMs)
      ? await firstWithin(stream, described, { topic, partition, from, to }, maxLagMs)
      : from
    const until = bySize > byAge ? bySize : byAge
    if (until > from) found.push({ topic, partition, from, to: until })
  }
  return found
}

/** Lag of the group by partition. */
async function unreadOf(stream: Stream, group: string, own: readonly TopicPartition[]): Promise<Unread[]> {
  if (own.length === 0) return []
  const lags = await stream.lag(group)
  const topics = await stream.describeTopics([...new Set(own.map(({ topic }) => topic))])
  return own.flatMap(({ topic, partition }) => {
    const described = topics.find(({ name }) => name === topic)
    const held = described?.partitions.find((one) => one.partition === partition)
    if (!described || !held) return []
    const read = lags.find((one) => one.topic === topic && one.partition === partition)?.offset ?? held.earliest
    const from = read > held.earliest ? read : held.earliest
    return held.latest > from ? [{ topic, partition, from, to: held.latest, described }] : []
  })
}

/**
 * The part of the lag that may stay, 1 where all may: what is unread has the same share in the bytes of its topic as in its messages.
 * Where the sizes of topics may not be asked for, nothing is known of it and all stays.
 */
async function keptShare(stream: Stream, group: string, maxBytes: number): Promise<number> {
  const [lags, { sizes }] = await Promise.all([stream.lag(group), stream.describeCluster()])
  const topics = await stream.describeTopics([...new Set(lags.map(({ topic }) => topic))])
  const bytes = topics.reduce((sum, { name, partitions }) => {
    const messages = partitions.reduce((count, { earliest, latest }) => count + Number(latest - earliest), 0)
    const lag = lags.filter(({ topic }) => topic === name).reduce((count, one) => count + Number(one.lag), 0)
    return messages === 0 ? sum : sum + ((sizes?.get(name) ?? 0) * lag) / messages
  }, 0)
  return bytes > maxBytes ? (CUT_TO * maxBytes) / bytes : 1
}

/** The first offset that was appended recently enough; `from` while the oldest is. */
async function firstWithin(stream: Stream, described: TopicDescription, range: OffsetRange, maxMs: number): Promise<bigint> {
  const now = Date.now()
  const oldest = await appendedAt(stream, described, range)
  if (oldest === undefined || now - oldest <= maxMs) return range.from
  const since = now - CUT_TO * maxMs
  let { from, to } = range
  while (from < to) {
    const middle = from + (to - from) / 2n
    const at = await appendedAt(stream, described, { ...range, from: middle })
    if (at !== undefined && at < since) from = middle + 1n
    else to = middle
  }
  return from
}

/** When the first message at or after `from` was appended, in milliseconds since 1970; undefined where there is none. */
async function appendedAt(stream: Stream, { name, partitions }: TopicDescription, { partition, from }: OffsetRange) {
  // Partitions that are not named would be read from their beginning.
  const positions = partitions.map((one) => ({
    topic: name,
    partition: one.partition,
    offset: one.partition === partition ? from : one.latest,
  }))
  for await (const batch of stream.read({ topics: [name], from: positions, untilEnd: true, maxBytes: 1 })) {
    const at = timestampOf(batch, partition)
    batch.release()
    if (at !== undefined) return at
  }
  return undefined
}

/** Damaged bytes may not say when they were appended. */
const timestampOf = (batch: EncodedBatch, partition: number): number | undefined =>
  batch.partition === partition && (batch.timestamps[0] ?? 0) > 0 ? batch.timestamps[0] : undefined
