import type { LockKeys } from '../../base/index.ts'

/** First key of the lock that the session of a live member holds; the second is its id, so that two never meet. */
export const memberLock = ({ members }: LockKeys, groupId: number): number => members + groupId
/** First key of the lock that the session of a partition's owner holds; the second is the id of the partition. */
export const partitionLock = ({ partitions }: LockKeys, groupId: number): number => partitions + groupId

/** Rows of pg_locks `l` that are granted two-key advisory locks of this database. */
export const GRANTED = `l.locktype = 'advisory' and l.objsubid = 2 and l.granted
  and l.database = (select oid from pg_database where datname = current_database())`
