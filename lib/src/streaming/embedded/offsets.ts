import { type PartitionLag, type Position, QiError } from '../../base/index.ts'
import type { Connections } from './connections.ts'
import { GRANTED, memberLock, partitionLock } from './locks.ts'
import type { Topic, Topics } from './topics.ts'

/** Of every partition of each topic that the group has committed to. */
export async function lag(connections: Connections, group: string): Promise<readonly PartitionLag[]> {
  const { rows } = await connections.run((client) =>
    client.query<{ topic: string; partition: number; offset: string; latest: string }>(
      `with own as (
         select o.* from qicore_stream.group_offsets o join qicore_stream.groups g on g.id = o.group_id where g.name = $1)
       select t.name as topic, p.partition, greatest(o.next_offset, p.first_offset) as offset, p.next_offset as latest
       from qicore_stream.topics t join qicore_stream.partitions p on p.topic_id = t.id left join own o on o.partition_id = p.id
       where exists (select from own w join qicore_stream.partitions q on q.id = w.partition_id
         where q.topic_id = t.id and w.next_offset is not null)
       order by t.name collate "C", p.partition`,
      [group],
    ),
  )
  return rows.map(({ topic, partition, offset, latest }) => {
    const behind = BigInt(latest) - BigInt(offset)
    return { topic, partition, offset: BigInt(offset), lag: behind > 0n ? behind : 0n }
  })
}

/** @throws QiError CONFLICT while the group has members there, NOT_FOUND, BAD_REQUEST */
export async function resetOffsets(
  connections: Connections,
  topics: Topics,
  group: string,
  positions: readonly Position[],
): Promise<void> {
  const wanted = new Map<string, Topic>()
  for (const { topic } of positions) wanted.set(topic, await topics.get(topic))
  const ids = positions.map(({ topic, partition, offset }) => {
    const found = wanted.get(topic)?.partitions[partition]
    if (!found) throw new QiError('NOT_FOUND', `topic "${topic}" has no partition ${partition}`)
    if (offset < 0n) throw new QiError('BAD_REQUEST', `offset ${offset} of "${topic}" ${partition}: not below 0`)
    return found.id
  })
  const { keys } = connections
  await connections.run(async (client) => {
    await client.query('begin')
    await client.query('insert into qicore_stream.groups (name) values ($1) on conflict (name) do nothing', [group])
    const { rows: groups } = await client.query<{ id: number }>('select id from qicore_stream.groups where name = $1', [group])
    const id = groups[0]?.id as number
    // Nobody can take these partitions before the commit; whoever holds or is about to take one makes it a conflict.
    const { rows } = await client.query<{ busy: boolean }>(
      `select coalesce(bool_or(not pg_try_advisory_xact_lock($1, id)), false) or exists (
         select from qicore_stream.members m join pg_locks l on ${GRANTED} and l.classid = $3::oid and l.objid = m.member_id::oid
         where m.group_id = $4 and m.topics && $5::text[]) as busy
       from unnest($2::int[]) as id`,
      [partitionLock(keys, id), ids, memberLock(keys, id), id, [...wanted.keys()]],
    )
    if (rows[0]?.busy) {
      await client.query('rollback')
      throw new QiError('CONFLICT', `group "${group}" has live members; stop them before its offsets are moved`)
    }
    await client.query(
      `insert into qicore_stream.group_offsets (group_id, partition_id, next_offset)
       select $1, id, max(next_offset) from unnest($2::int[], $3::bigint[]) as r (id, next_offset) group by id
       on conflict (group_id, partition_id) do update set next_offset = excluded.next_offset, owner = null, updated_at = now()`,
      [id, ids, positions.map((position) => position.offset)],
    )
    await client.query('commit')
  })
}
