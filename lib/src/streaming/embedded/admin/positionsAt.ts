import type { Position } from '../../../base/types/index.ts'
import type { Connections } from '../Connections.ts'
import type { Topic } from './topic.ts'

/**
 * Binary search over the offsets of each partition, because offsets have an index and times have none. Each step compares the
 * time of the middle chunk. If there is no chunk (a damaged one was cut out), the partition's search ends there.
 */
const SEARCH = `
with recursive search (id, low, high) as (
  select id, first_offset, next_offset from qicore_stream.partitions where id = any($1::int[])
  union all
  select s.id,
    case when c.appended_at < $2::bigint then greatest(c.base_offset + c.count, (s.low + s.high) / 2 + 1) else s.low end,
    case when c.appended_at < $2::bigint then s.high else greatest(c.base_offset, s.low) end
  from search s cross join lateral (
    select base_offset, count, appended_at from qicore_stream.chunks
    where partition_id = s.id and base_offset <= (s.low + s.high) / 2 order by base_offset desc limit 1) c
  where s.low < s.high)
select id, max(low) as low from search group by id`

/**
 * The first message of each partition that was appended at or after `at`; the partition's end if there is none.
 * @param at milliseconds since 1970
 */
export async function positionsAt(connections: Connections, topics: readonly Topic[], at: number): Promise<Position[]> {
  const partitions = topics.flatMap((topic) => topic.partitions)
  const { rows } = await connections.run((client) =>
    client.query<{ id: number; low: string }>(SEARCH, [partitions.map(({ id }) => id), Math.ceil(at)]),
  )
  const found = new Map(rows.map(({ id, low }) => [id, BigInt(low)]))
  return partitions.map(({ id, topic, partition }) => ({ topic, partition, offset: found.get(id) ?? 0n }))
}
