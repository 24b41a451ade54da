import type { LockKeys } from '../../../base/database/index.ts'

/** First key of the lock that marks a live member; the second key is the member's id. Its session holds the lock. */
export const memberLock = ({ members }: LockKeys, groupId: number): number => members + groupId
/** First key of the lock that marks the owner of a partition; the second key is the partition's serial id. The owner's session holds it. */
export const partitionLock = ({ partitions }: LockKeys, groupId: number): number => partitions + groupId

/** SQL condition: the row `l` of pg_locks is a granted two-key advisory lock of this database. */
export const GRANTED = `l.locktype = 'advisory' and l.objsubid = 2 and l.granted
  and l.database = (select oid from pg_database where datname = current_database())`
