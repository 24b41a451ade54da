import type { Pool } from './pool.ts'

export interface ReplicaState {
  /** True for a standby, which replays what its primary writes. */
  readonly replica: boolean
  /** How old the state is that is read there, in milliseconds: 0 on a primary; undefined where the server does not tell. */
  readonly lagMs: number | undefined
}

/**
 * All that was received is replayed, and more can come: then nothing is missing, however long ago the last transaction was. A standby
 * that has lost its primary is as old as the last one.
 */
const LAG = `select pg_is_in_recovery() as replica, case when pg_is_in_recovery() then
    case when exists (select from pg_stat_wal_receiver where pid is not null) and pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
    then 0 else greatest(0, extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 end end as lag`

/** Whether a server is a replica, and how far it is behind its primary. @throws what the pool throws */
export async function replicaState(pool: Pick<Pool, 'query'>): Promise<ReplicaState> {
  // Services whose replicas share the primary's storage lack these functions.
  const { rows } = await pool
    .query<{ replica: boolean; lag: number | null }>(LAG)
    .catch(() => pool.query<{ replica: boolean; lag: number | null }>('select pg_is_in_recovery() as replica, null as lag'))
  const { replica, lag } = rows[0] as { replica: boolean; lag: number | null }
  return { replica, lagMs: replica ? (lag ?? undefined) : 0 }
}
