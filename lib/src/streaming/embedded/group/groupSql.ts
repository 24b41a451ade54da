import { sqlState } from '../../../base/database/index.ts'
import { QiError, toQiError } from '../../../base/types/index.ts'
import type { PartitionRef } from '../admin/topic.ts'
import { CHANNEL, encodeNotice } from '../notify.ts'
import type { LiveMember } from './assignment.ts'
import { GRANTED, memberLock, partitionLock } from './locks.ts'
import type { MemberSession } from './MemberSession.ts'

/** SQLSTATE of a foreign key violation. */
const NO_SUCH_GROUP = '23503'

/** The serial id of a group; creates the group on first use. */
export async function groupIdOf(session: MemberSession, name: string): Promise<number> {
  for (;;) {
    const [row] = await session.query<{ id: number }>('select id from qicore_stream.groups where name = $1', [name])
    if (row) return row.id
    await session.query('insert into qicore_stream.groups (name) values ($1) on conflict (name) do nothing', [name])
  }
}

/** Takes the lock that marks a live member, under a new id. @returns the id */
export async function joinNew(session: MemberSession, groupId: number): Promise<number> {
  for (;;) {
    const [row] = await session.query<{ id: number; got: boolean }>(
      `select id, pg_try_advisory_lock($1, id) as got from (select nextval('qicore_stream.member_ids')::int as id offset 0) n`,
      [memberLock(session.keys, groupId)],
    )
    if (row?.got) return row.id
  }
}

/**
 * Takes the member's lock again after a lost connection. If the server has not noticed the loss, the old session is terminated.
 * @throws QiError UNAVAILABLE if the old session has not ended after a second
 */
export async function joinAgain(session: MemberSession, groupId: number, member: number): Promise<void> {
  const keys = [memberLock(session.keys, groupId), member]
  for (let attempt = 0; attempt < 20; attempt++) {
    const [row] = await session.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', keys)
    if (row?.got) return
    await session.query(
      `select pg_terminate_backend(l.pid) from pg_locks l where ${GRANTED} and l.classid = $1::oid and l.objid = $2::oid`,
      keys,
    )
    await session.query('select pg_sleep(0.05)')
  }
  throw new QiError('UNAVAILABLE', 'an earlier session of this group member has not ended yet')
}

/**
 * Registers the member with its topics, and deletes members that are no longer alive.
 * @throws QiError UNAVAILABLE if the group was deleted meanwhile: joining again creates it
 */
export async function enterMember(
  session: MemberSession,
  groupId: number,
  member: number,
  topics: readonly string[],
): Promise<void> {
  await session.query(
    `delete from qicore_stream.members m where m.group_id = $1 and m.member_id <> $3 and not exists (
       select from pg_locks l where ${GRANTED} and l.classid = $2::oid and l.objid = m.member_id::oid)`,
    [groupId, memberLock(session.keys, groupId), member],
  )
  try {
    await session.query(
      `insert into qicore_stream.members (member_id, group_id, topics) values ($1, $2, $3)
       on conflict (member_id) do update set group_id = excluded.group_id, topics = excluded.topics`,
      [member, groupId, topics],
    )
  } catch (error) {
    if (sqlState(toQiError(error).cause) !== NO_SUCH_GROUP) throw error
    throw new QiError('UNAVAILABLE', 'the group was deleted while a member joined it', { cause: error })
  }
  await notifyGroup(session, groupId)
}

export interface GroupState {
  readonly members: readonly LiveMember[]
  readonly partitions: readonly PartitionRef[]
}

/** The live members, and all partitions of the topics that members subscribe to. */
export async function groupState(session: MemberSession, groupId: number): Promise<GroupState> {
  const [row] = await session.query<{ members: LiveMember[] | null; partitions: PartitionRef[] | null }>(
    `select (select json_agg(json_build_object('id', m.member_id, 'topics', m.topics))
       from qicore_stream.members m join pg_locks l on ${GRANTED} and l.classid = $2::oid and l.objid = m.member_id::oid
       where m.group_id = $1) as members,
     (select json_agg(json_build_object('id', p.id, 'topicId', t.id, 'topic', t.name, 'partition', p.partition) order by t.id, p.partition)
       from qicore_stream.partitions p join qicore_stream.topics t on t.id = p.topic_id
       where t.name in (select unnest(m.topics) from qicore_stream.members m where m.group_id = $1)) as partitions`,
    [groupId, memberLock(session.keys, groupId)],
  )
  return { members: row?.members ?? [], partitions: row?.partitions ?? [] }
}

export interface Acquired {
  readonly id: number
  /** The member that owned it last. */
  readonly previous: number | null
  /** The offset to read from. */
  readonly start: bigint
}

/**
 * Takes those of the partitions that nobody owns, and reads their committed offsets. With `from: 'latest'`, the end of a partition
 * without a committed offset is stored as its offset, so that a restart does not begin at a later end.
 */
export async function acquire(
  session: MemberSession,
  { groupId, member, from }: { readonly groupId: number; readonly member: number; readonly from: 'earliest' | 'latest' },
  ids: readonly number[],
): Promise<readonly Acquired[]> {
  const tried = await session.query<{ id: number; got: boolean }>(
    'select id, pg_try_advisory_lock($1, id) as got from unnest($2::int[]) as id',
    [partitionLock(session.keys, groupId), ids],
  )
  const got = tried.filter((row) => row.got).map((row) => row.id)
  if (got.length === 0) return []
  const before = await session.query<{ id: number; owner: number | null }>(
    'select partition_id as id, owner from qicore_stream.group_offsets where group_id = $1 and partition_id = any($2)',
    [groupId, got],
  )
  const rows = await session.query<{ id: number; committed: string | null; earliest: string }>(
    `with taken as (
       insert into qicore_stream.group_offsets as o (group_id, partition_id, owner, next_offset)
       select $1, p.id, $2, case when $3 = 'latest' then p.next_offset end
       from qicore_stream.partitions p where p.id = any($4)
       on conflict (group_id, partition_id) do update set owner = excluded.owner
       returning o.partition_id, o.next_offset)
     select t.partition_id as id, t.next_offset as committed, p.first_offset as earliest
     from taken t join qicore_stream.partitions p on p.id = t.partition_id`,
    [groupId, member, from, got],
  )
  const owners = new Map(before.map((row) => [row.id, row.owner]))
  return rows.map(({ id, committed, earliest }) => ({
    id,
    previous: owners.get(id) ?? null,
    start: BigInt(committed ?? earliest),
  }))
}

export async function release(session: MemberSession, groupId: number, ids: readonly number[]): Promise<void> {
  await session.query('select pg_advisory_unlock($1, id) from unnest($2::int[]) as id', [
    partitionLock(session.keys, groupId),
    ids,
  ])
  await notifyGroup(session, groupId)
}

export async function leave(session: MemberSession, groupId: number, member: number): Promise<void> {
  await session.query('delete from qicore_stream.members where member_id = $1', [member])
  await session.query('select pg_advisory_unlock_all()')
  await notifyGroup(session, groupId)
}

export interface Commit {
  readonly id: number
  readonly offset: bigint
  /** True after a seek: the offset is stored even if it is lower than the committed one. */
  readonly exact: boolean
}

/** Commits in the session that holds the locks, and only to partitions that no other member has taken since. */
export async function commitOffsets(
  session: MemberSession,
  groupId: number,
  member: number,
  commits: readonly Commit[],
): Promise<void> {
  await session.query(
    `update qicore_stream.group_offsets o set updated_at = now(),
       next_offset = case when c.exact then c.next_offset else greatest(o.next_offset, c.next_offset) end
     from unnest($3::int[], $4::bigint[], $5::bool[]) as c (id, next_offset, exact)
     where o.group_id = $1 and o.partition_id = c.id and o.owner = $2`,
    [groupId, member, commits.map((c) => c.id), commits.map((c) => c.offset), commits.map((c) => c.exact)],
    'qicore_stream_commit',
  )
}

const notifyGroup = (session: MemberSession, group: number) =>
  session.query('select pg_notify($1, $2)', [CHANNEL, encodeNotice({ kind: 'group', group })])
