import type { EncodedBatch, Stream, TopicDescription, TopicPartition } from '../../../base/types/index.ts'
import type { DeliverySettings } from '../delivery.ts'

/** Offsets of a partition, from `from` up to and without `to`. */
export interface OffsetRange extends TopicPartition {
  readonly from: bigint
  readonly to: bigint
}

/** A lag beyond its bound is cut to this part of it, so that a destination that is down costs a few letters instead of one a check. */
const CUT_TO = 0.9

type Bounds = Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'>

/** Brokers and the embedded log refuse larger messages unless configured otherwise. */
const LARGEST_MESSAGE = 1024 ** 2

interface Unread extends OffsetRange {
  readonly described: TopicDescription
}

/**
 * The unread offsets of a group's own partitions that lie beyond the bound of its lag. The bound by age is exact. The bound by size is an
 * estimate: all messages of a topic count as equally large.
 */
export async function beyondBound(
  stream: Stream,
  group: string,
  own: readonly TopicPartition[],
  { maxLagMs, maxLagBytes }: Bounds,
): Promise<OffsetRange[]> {
  const unread = await unreadOf(stream, group, [...new Set(own.map(({ topic }) => topic))])
  const share = await keptShare(stream, unread, maxLagBytes)
  const found: OffsetRange[] = []
  for (const { topic, partition, from, to, described } of unread) {
    if (!own.some((one) => one.topic === topic && one.partition === partition)) continue
    const bySize = share < 1 ? to - BigInt(Math.floor(Number(to - from) * share)) : from
    const byAge = Number.isFinite(maxLagMs)
      ? await firstWithin(stream, described, { topic, partition, from, to }, maxLagMs)
      : from
    const until = bySize > byAge ? bySize : byAge
    if (until > from) found.push({ topic, partition, from, to: until })
  }
  return found
}

/** Unread messages of a group, by partition. A partition without a commit is unread from its beginning. */
async function unreadOf(stream: Stream, group: string, names: readonly string[]): Promise<Unread[]> {
  if (names.length === 0) return []
  const lags = await stream.lag(group)
  const topics = await stream.describeTopics(names)
  return topics.flatMap((described) =>
    described.partitions.flatMap(({ partition, earliest, latest }) => {
      const topic = described.name
      const read = lags.find((one) => one.topic === topic && one.partition === partition)?.offset ?? earliest
      const from = read > earliest ? read : earliest
      return latest > from ? [{ topic, partition, from, to: latest, described }] : []
    }),
  )
}

/**
 * The part of the lag that may stay, from 0 to 1. Unread messages count with the same share of their topic's bytes as of its messages.
 * 1 where the cluster does not report the sizes of topics.
 */
async function keptShare(stream: Stream, unread: readonly Unread[], maxBytes: number): Promise<number> {
  const count = unread.reduce((sum, { from, to }) => sum + Number(to - from), 0)
  // Summing sizes reads the whole index of the log, so it is left out while the lag is certainly within the bound.
  if (count * LARGEST_MESSAGE <= maxBytes) return 1
  const { sizes } = await stream.describeCluster()
  const bytes = unread.reduce((sum, { topic, from, to, described }) => {
    const messages = described.partitions.reduce((held, { earliest, latest }) => held + Number(latest - earliest), 0)
    return sum + ((sizes?.get(topic) ?? 0) * Number(to - from)) / messages
  }, 0)
  return bytes > maxBytes ? (CUT_TO * maxBytes) / bytes : 1
}

/** The first offset whose age is within the bound, by binary search. */
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

/** Time at which the first message at or after `from` was appended, in milliseconds since 1970; undefined where there is none. */
async function appendedAt(stream: Stream, { name, partitions }: TopicDescription, { partition, from }: OffsetRange) {
  // A partition without a position would be read from its beginning.
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

/** Damaged bytes may have no timestamp. */
const timestampOf = (batch: EncodedBatch, partition: number): number | undefined =>
  batch.partition === partition && (batch.timestamps[0] ?? 0) > 0 ? batch.timestamps[0] : undefined

const TIMES = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const
const SIZES = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
  ['B', 1],
] as const

/** The bounds in the units of the configuration: `7d and 10GB`. */
export function describeBounds({ maxLagMs, maxLagBytes }: Bounds): string {
  const inUnits = (value: number, units: readonly (readonly [string, number])[]): string[] => {
    if (!Number.isFinite(value)) return []
    const [unit, size] = units.find(([, each]) => value % each === 0) ?? ['', 1]
    return [`${value / size}${unit}`]
  }
  return [...inUnits(maxLagMs, TIMES), ...inUnits(maxLagBytes, SIZES)].join(' and ') || 'none'
}
