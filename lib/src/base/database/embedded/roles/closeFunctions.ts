import type { ClientBase } from 'pg'
import { OWNER } from './superuser.ts'

/**
 * SQL: functions that PostgreSQL lets any role call, and that lock, notify or end other sessions, change settings, or store large
 * objects. In our own server only the owner of the database may call them, because the SQL of other roles is not checked.
 */
const CLOSED = `pg_catalog.pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and (
    p.proname ~ '^pg_(try_)?advisory_' or p.proname ~ '^pg_sleep' or p.proname ~ '^lo_' or p.proname in ('pg_notify', 'lowrite', 'pg_terminate_backend',
      'pg_cancel_backend', 'set_config', 'pg_lock_status', 'pg_export_snapshot', 'pg_current_xact_id', 'txid_current',
      'pg_stat_get_activity', 'pg_logical_emit_message'))`

/** Revokes those functions from PUBLIC in the database of a connection. Idempotent. */
export async function closeFunctions(superuser: ClientBase): Promise<void> {
  const { rows } = await superuser.query<{ name: string }>(
    `select p.oid::regprocedure::text as name from ${CLOSED} and exists (
       select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)`,
  )
  if (rows.length === 0) return
  const functions = rows.map(({ name }) => name).join(', ')
  await superuser.query(`begin; revoke execute on function ${functions} from public; grant execute on function ${functions} to ${OWNER};
    revoke select on pg_locks, pg_stat_activity from public; grant select on pg_locks, pg_stat_activity to ${OWNER}; commit`)
}
