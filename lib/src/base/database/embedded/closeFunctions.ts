import type { ClientBase } from 'pg'
import { OWNER } from './superuser.ts'

/**
 * Functions that any role may call unless told otherwise, and that hold up others, wake them or end them, or change settings. In our own
 * server the owner of the database alone may; a role of others, whose SQL nobody parses, may not.
 */
const CLOSED = `pg_catalog.pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and (
    p.proname ~ '^pg_(try_)?advisory_' or p.proname ~ '^pg_sleep' or p.proname in ('pg_notify', 'pg_terminate_backend',
      'pg_cancel_backend', 'set_config', 'pg_lock_status', 'pg_export_snapshot', 'pg_current_xact_id', 'txid_current',
      'pg_stat_get_activity', 'pg_logical_emit_message'))`

/** Takes what only the owner needs from PUBLIC, in the database of a connection. Repeating it changes nothing. */
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
