/**
 * Advisory locks of the log, in PostgreSQL's space of two 32-bit keys (apart from the space of one 64-bit key). The first key
 * says what it is about, the second is a serial id, so nothing is hashed and two groups never meet:
 *
 * | first key | second key | held by |
 * |---|---|---|
 * | 0x51000000 + group id | member id | the session of a live member |
 * | 0x52000000 + group id | partition id | the session of the member that owns the partition |
 * | 0x53000000 | 0 | who drops what is past its retention, within its transaction |
 */
const MEMBER = 0x51000000
const PARTITION = 0x52000000

export const memberLock = (groupId: number): number => MEMBER + groupId
export const partitionLock = (groupId: number): number => PARTITION + groupId
export const RETENTION_LOCK = 0x53000000

/** Rows of pg_locks `l` that are granted two-key advisory locks of this database. */
export const GRANTED = `l.locktype = 'advisory' and l.objsubid = 2 and l.granted
  and l.database = (select oid from pg_database where datname = current_database())`
