import type { Pool } from './pool.ts'

export interface ReplicaState {
  /** True for a standby, which replays the writes of its primary. */
  readonly replica: boolean
  /** Lag behind the primary in milliseconds; 0 on a primary; undefined if the server does not report it. */
  readonly lagMs: number | undefined
}

/**
 * A standby that is connected and has replayed everything it received has no lag, however old its last transaction is. One that has lost
 * its primary is as old as that transaction.
 */
const LAG = `select pg_is_in_recovery() as replica, case when pg_is_in_recovery() then
    case when exists (select from pg_stat_wal_receiver where pid is not null) and pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
    then 0 else greatest(0, extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 end end as lag`

/** Reads if a server is a replica, and its lag. @throws errors of the pool, unclassified */
export async function replicaState(pool: Pick<Pool, 'query'>): Promise<ReplicaState> {
  // Cloud services whose replicas share the primary's storage lack these functions.
  const { rows } = await pool
    .query<{ replica: boolean; lag: number | null }>(LAG)
    .catch(() => pool.query<{ replica: boolean; lag: number | null }>('select pg_is_in_recovery() as replica, null as lag'))
  const { replica, lag } = rows[0] as { replica: boolean; lag: number | null }
  return { replica, lagMs: replica ? (lag ?? undefined) : 0 }
}
