import { type GroupDescription, type PartitionLag, type Position, QiError } from '../../../base/types/index.ts'
import type { Connections } from '../Connections.ts'
import { GRANTED, memberLock, partitionLock } from '../group/locks.ts'
import type { TopicAdmin } from './TopicAdmin.ts'
import type { Topic } from './topic.ts'

/** Every partition of each topic that the group has committed to. */
const LAG = `
with own as (
  select o.* from qicore_stream.group_offsets o join qicore_stream.groups g on g.id = o.group_id where g.name = $1)
select t.name as topic, p.partition, greatest(o.next_offset, p.first_offset) as offset, p.next_offset as latest
from qicore_stream.topics t join qicore_stream.partitions p on p.topic_id = t.id left join own o on o.partition_id = p.id
where exists (select from own w join qicore_stream.partitions q on q.id = w.partition_id
  where q.topic_id = t.id and w.next_offset is not null)
order by t.name collate "C", p.partition`

/** A member is alive while its session holds its lock; it owns a partition while its session holds that partition's lock. */
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

/**
 * True if the partitions cannot all be locked, or if a live member subscribes to their topics. The locks are kept until the
 * transaction ends, so no member can take these partitions meanwhile.
 */
const LOCK_UNUSED = `
select coalesce(bool_or(not pg_try_advisory_xact_lock($1, id)), false) or exists (
  select from qicore_stream.members m join pg_locks l on ${GRANTED} and l.classid = $3::oid and l.objid = m.member_id::oid
  where m.group_id = $4 and m.topics && $5::text[]) as busy
from unnest($2::int[]) as id`

const RESET = `
insert into qicore_stream.group_offsets (group_id, partition_id, next_offset)
select $1, id, max(next_offset) from unnest($2::int[], $3::bigint[]) as r (id, next_offset) group by id
on conflict (group_id, partition_id) do update set next_offset = excluded.next_offset, owner = null, updated_at = now()`

/** Consumer groups seen from outside: their lag, members and offsets. */
export class GroupAdmin {
  readonly #connections: Connections
  readonly #topics: TopicAdmin

  constructor(connections: Connections, topics: TopicAdmin) {
    this.#connections = connections
    this.#topics = topics
  }

  async lag(group: string): Promise<readonly PartitionLag[]> {
    const { rows } = await this.#connections.run((client) =>
      client.query<{ topic: string; partition: number; offset: string; latest: string }>(LAG, [group]),
    )
    return rows.map(({ topic, partition, offset, latest }) => {
      const unread = BigInt(latest) - BigInt(offset)
      return { topic, partition, offset: BigInt(offset), lag: unread > 0n ? unread : 0n }
    })
  }

  async describe(names?: readonly string[]): Promise<readonly GroupDescription[]> {
    const { keys } = this.#connections
    const { rows } = await this.#connections.run((client) =>
      client.query<Omit<GroupDescription, 'state'>>(GROUPS, [names ?? null, memberLock(keys, 0), partitionLock(keys, 0)]),
    )
    return rows.map(({ name, members }) => ({ name, members, state: members.length > 0 ? 'active' : 'empty' }))
  }

  /** @throws QiError CONFLICT while the group has live members on these topics, NOT_FOUND, BAD_REQUEST */
  async reset(group: string, positions: readonly Position[]): Promise<void> {
    const wanted = new Map<string, Topic>()
    for (const { topic } of positions) wanted.set(topic, await this.#topics.get(topic))
    const ids = positions.map(({ topic, partition, offset }) => {
      const found = wanted.get(topic)?.partitions[partition]
      if (!found) throw new QiError('NOT_FOUND', `topic "${topic}" has no partition ${partition}`)
      if (offset < 0n) throw new QiError('BAD_REQUEST', `offset ${offset} of "${topic}" ${partition}: not below 0`)
      return found.id
    })
    const { keys } = this.#connections
    await this.#connections.run(async (client) => {
      await client.query('begin')
      await client.query('insert into qicore_stream.groups (name) values ($1) on conflict (name) do nothing', [group])
      const { rows: groups } = await client.query<{ id: number }>('select id from qicore_stream.groups where name = $1', [group])
      const id = groups[0]?.id as number
      const topics = [...wanted.keys()]
      const values = [partitionLock(keys, id), ids, memberLock(keys, id), id, topics]
      const { rows } = await client.query<{ busy: boolean }>(LOCK_UNUSED, values)
      if (rows[0]?.busy) {
        await client.query('rollback')
        throw new QiError('CONFLICT', `group "${group}" has live members; stop them before its offsets are moved`)
      }
      await client.query(RESET, [id, ids, positions.map((position) => position.offset)])
      await client.query('commit')
    })
  }

  /**
   * Deletes a group with its offsets. A member that is joining holds the group's row until it has entered, so the check sees it.
   * @throws QiError NOT_FOUND, CONFLICT while the group has live members
   */
  async delete(name: string): Promise<void> {
    await this.#connections.run(async (client) => {
      await client.query('begin')
      const { rows: groups } = await client.query<{ id: number }>(
        'select id from qicore_stream.groups where name = $1 for update',
        [name],
      )
      const [group] = groups
      const { rows } = await client.query<{ live: boolean }>(
        `select exists (select from qicore_stream.members m join pg_locks l on ${GRANTED} and l.classid = $2::oid
           and l.objid = m.member_id::oid where m.group_id = $1) as live`,
        [group?.id, memberLock(this.#connections.keys, group?.id ?? 0)],
      )
      if (group && !rows[0]?.live) await client.query('delete from qicore_stream.groups where id = $1', [group.id])
      await client.query('commit')
      if (!group) throw new QiError('NOT_FOUND', `there is no group "${name.slice(0, 249)}"`)
      if (rows[0]?.live) throw new QiError('CONFLICT', `group "${name}" has live members; stop its consumers first`)
    })
  }
}
