import type { TopicPartition } from '../../../base/types/index.ts'
import type { Connections } from '../Connections.ts'
import { GRANTED, memberLock } from '../group/locks.ts'

/** A group without a live member that still has unread messages. */
export interface AbandonedGroup {
  readonly name: string
  /** Time of its last commit or partition acquired, in milliseconds since 1970. */
  readonly lastSeen: number
  /** Number of unread messages. */
  readonly unread: bigint
  /** Partitions that hold them. */
  readonly partitions: readonly TopicPartition[]
}

const ABANDONED = `
select g.name, (extract(epoch from max(o.updated_at)) * 1000)::float8 as last_seen,
  sum(p.next_offset - greatest(coalesce(o.next_offset, 0), p.first_offset))::text as unread,
  json_agg(json_build_object('topic', t.name, 'partition', p.partition) order by t.name collate "C", p.partition) as partitions
from qicore_stream.groups g join qicore_stream.group_offsets o on o.group_id = g.id
  join qicore_stream.partitions p on p.id = o.partition_id join qicore_stream.topics t on t.id = p.topic_id
where coalesce(o.next_offset, 0) < p.next_offset and p.first_offset < p.next_offset and not exists (
  select from qicore_stream.members m join pg_locks l on ${GRANTED} and l.classid = ($1 + g.id)::oid and l.objid = m.member_id::oid
  where m.group_id = g.id)
group by g.name order by g.name`

/** Groups without a live member that have unread messages, which retention therefore keeps. */
export async function abandonedGroups(connections: Connections): Promise<readonly AbandonedGroup[]> {
  const { rows } = await connections.run((client) =>
    client.query<{ name: string; last_seen: number; unread: string; partitions: TopicPartition[] }>(ABANDONED, [
      memberLock(connections.keys, 0),
    ]),
  )
  return rows.map(({ name, last_seen: lastSeen, unread, partitions }) => ({ name, lastSeen, unread: BigInt(unread), partitions }))
}
