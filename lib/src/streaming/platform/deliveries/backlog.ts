import type { DeliveryStats, Stream } from '../../../base/types/index.ts'

/** A consumer's lag in records, topics included of which it has acknowledged nothing yet; and the most partitions of one of its topics. */
export async function backlogOf(
  stream: Stream,
  { group, topics }: Pick<DeliveryStats, 'group' | 'topics'>,
): Promise<{ readonly lag: number; readonly partitions: number }> {
  const [lags, described] = await Promise.all([stream.lag(group), stream.describeTopics(topics)])
  const read = new Set(lags.map(({ topic }) => topic))
  const unread = described.filter(({ name }) => !read.has(name)).flatMap(({ partitions }) => partitions)
  const lag =
    lags.reduce((sum, one) => sum + Number(one.lag), 0) +
    unread.reduce((sum, { earliest, latest }) => sum + Number(latest - earliest), 0)
  return { lag, partitions: Math.max(1, ...described.map(({ partitions }) => partitions.length)) }
}
