import type { ClusterDescription, GroupDescription } from '../../base/index.ts'
import type { Connections } from './connections.ts'
import { GRANTED, memberLock, partitionLock } from './locks.ts'

/** A member is alive while its session holds its lock; a partition is its own while the session holds that of the partition. */
const GROUPS = `
with alive as (
  select m.group_id, m.member_id, l.pid from qicore_stream.members m join pg_locks l
    on ${GRANTED} and l.classid = ($2 + m.group_id)::oid and l.objid = m.member_id::oid),
held as (
  select a.member_id, t.name as topic, p.partition from alive a join pg_locks l
    on ${GRANTED} and l.pid = a.pid and l.classid = ($3 + a.group_id)::oid
  join qicore_stream.partitions p on p.id::oid = l.objid join qicore_stream.topics t on t.id = p.topic_id)
select g.name, coalesce((select json_agg(json_build_object('id', a.member_id::text, 'assignments', coalesce((
    select json_agg(json_build_object('topic', h.topic, 'partition', h.partition) order by h.topic collate "C", h.partition)
    from held h where h.member_id = a.member_id), '[]')) order by a.member_id)
  from alive a where a.group_id = g.id), '[]') as members
from qicore_stream.groups g where $1::text[] is null or g.name = any($1) order by g.name collate "C"`

export async function describeGroups(connections: Connections, names?: readonly string[]): Promise<readonly GroupDescription[]> {
  const { rows } = await connections.run((client) =>
    client.query<Omit<GroupDescription, 'state'>>(GROUPS, [
      names ?? null,
      memberLock(connections.keys, 0),
      partitionLock(connections.keys, 0),
    ]),
  )
  return rows.map(({ name, members }) => ({ name, members, state: members.length > 0 ? 'active' : 'empty' }))
}

export async function describeServer(connections: Connections): Promise<ClusterDescription> {
  return connections.run(async (client) => {
    const { rows: servers } = await client.query<{ host: string; port: number }>(
      "select coalesce(host(inet_server_addr()), 'local socket') as host, coalesce(inet_server_port(), 0) as port",
    )
    const { rows } = await client.query<{ name: string; bytes: string }>(
      `select t.name, coalesce(sum(octet_length(c.bytes)), 0) as bytes from qicore_stream.topics t
       join qicore_stream.partitions p on p.topic_id = t.id left join qicore_stream.chunks c on c.partition_id = p.id
       group by t.name`,
    )
    return {
      brokers: servers.map(({ host, port }) => ({ id: 'postgres', address: `${host}:${port}`, controller: true })),
      sizes: new Map(rows.map(({ name, bytes }) => [name, Number(bytes)])),
    }
  })
}
