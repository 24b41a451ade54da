import { QiError } from '../../base/index.ts'
import type { Connections } from './connections.ts'
import { GRANTED, memberLock } from './locks.ts'

/**
 * Deletes a group with its offsets. A member that is joining holds the row of its group until it has entered, so it is seen here.
 * @throws QiError NOT_FOUND, CONFLICT while the group has live members
 */
export async function deleteGroup(connections: Connections, name: string): Promise<void> {
  await connections.run(async (client) => {
    await client.query('begin')
    const { rows: groups } = await client.query<{ id: number }>(
      'select id from qicore_stream.groups where name = $1 for update',
      [name],
    )
    const [group] = groups
    const { rows } = await client.query<{ live: boolean }>(
      `select exists (select from qicore_stream.members m join pg_locks l on ${GRANTED} and l.classid = $2::oid
         and l.objid = m.member_id::oid where m.group_id = $1) as live`,
      [group?.id, memberLock(connections.keys, group?.id ?? 0)],
    )
    if (group && !rows[0]?.live) await client.query('delete from qicore_stream.groups where id = $1', [group.id])
    await client.query('commit')
    if (!group) throw new QiError('NOT_FOUND', `there is no group "${name.slice(0, 249)}"`)
    if (rows[0]?.live) throw new QiError('CONFLICT', `group "${name}" has live members; stop its consumers first`)
  })
}
