import type { ClientBase } from 'pg'

/** A session whose lock on a table blocks readers or writers. */
export interface TableLock {
  readonly table: string
  readonly pid: number
  /** The session that holds it, such as `psql, user alice, since 2026-05-01T12:00:00Z`. */
  readonly holder: string
  /** False if it still waits for the lock, and all others queue behind it. */
  readonly granted: boolean
  /** Sessions that it waits for. */
  readonly behind: readonly number[]
  /** True if it also blocks readers. */
  readonly stopsReading: boolean
  /** For how long, in seconds by the database's clock. */
  readonly seconds: number
}

interface Row {
  readonly table: string
  readonly pid: number
  readonly application: string | null
  readonly user: string | null
  readonly since: string | null
  readonly granted: boolean
  readonly behind: number[]
  readonly mode: string
  readonly seconds: number
}

/** SQL: locks that block writers, on our tables or their partitions. Our own writers and readers take none of these. */
const LOOK = `select distinct on (coalesce(parent.relname, c.relname), l.pid) coalesce(parent.relname, c.relname) as table, l.pid,
    coalesce(nullif(a.application_name, ''), a.backend_type) as application, a.usename as user,
    to_char(coalesce(a.query_start, a.xact_start) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since, l.granted,
    case when l.granted then '{}'::int[] else pg_blocking_pids(l.pid) end as behind, l.mode,
    coalesce(extract(epoch from clock_timestamp() - coalesce(l.waitstart, a.query_start, a.xact_start)), 0)::float8 as seconds
  from pg_locks l join pg_class c on c.oid = l.relation
    left join pg_inherits i on i.inhrelid = c.oid left join pg_class parent on parent.oid = i.inhparent
    left join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'relation' and l.database = (select oid from pg_database where datname = current_database())
    and coalesce(parent.oid, c.oid) = any (array(select to_regclass(name)::oid from unnest($1::text[]) as name))
    and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') and l.pid <> pg_backend_pid()
  order by 1, l.pid, l.granted desc, l.mode`

/** Sessions that hold or wait for a blocking lock on one of the tables; holders first. */
export async function tableLocks(client: Pick<ClientBase, 'query'>, tables: readonly string[]): Promise<readonly TableLock[]> {
  const { rows } = await client.query<Row>(LOOK, [tables])
  return rows
    .map(({ table, pid, application, user, since, granted, behind, mode, seconds }) => ({
      table,
      pid,
      holder: [application, user && `user ${user}`, since && `since ${since}`].filter(Boolean).join(', '),
      granted,
      behind,
      stopsReading: mode === 'AccessExclusiveLock',
      seconds,
    }))
    .sort((a, b) => Number(b.granted) - Number(a.granted))
}

/** One sentence about the lock: the table, its holder, and what it waits for. */
export function describeLock({ table, pid, holder, granted, behind }: TableLock): string {
  const who = `process ${pid} of the database${holder ? ` (${holder})` : ''}`
  if (granted) return `the table ${table} is locked by ${who}`
  return `the table ${table} is blocked by ${who}, which waits for ${behind.length > 0 ? `process ${behind.join(' and ')}` : 'a lock'} and makes all others wait behind it`
}

export const lockRemedy = ({ pid, granted, behind }: TableLock): string =>
  `commit or end it there, or select pg_terminate_backend(${granted ? pid : (behind[0] ?? pid)})`
