import pg from 'pg'
import { closeFunctions } from './closeFunctions.ts'
import { asSuperuser, DATABASE, OWNER, SUPERUSER, type Superuser } from './superuser.ts'

/** Roles of the owner beside its database: see all sessions, end one that blocks, write a checkpoint. */
const MEMBER_OF = 'pg_monitor, pg_signal_backend, pg_checkpoint'

/**
 * Creates the role that the platform works as, and the database that it owns. A database of an older version, which belongs to the
 * superuser, is handed over. Idempotent. Call it under the home's lock.
 * @throws QiError
 */
export async function setUp(superuser: Superuser, ownerPassword: string): Promise<void> {
  await asSuperuser(superuser, 'postgres', async (client) => {
    const has = async (text: string, name: string) => ((await client.query(text, [name])).rowCount ?? 0) > 0
    const verb = (await has('select from pg_roles where rolname = $1', OWNER)) ? 'alter' : 'create'
    const password = pg.escapeLiteral(ownerPassword)
    await client.query(`${verb} role ${OWNER} with login nosuperuser nocreatedb createrole noreplication password ${password}`)
    await client.query(`grant ${MEMBER_OF} to ${OWNER}`)
    const there = await has('select from pg_database where datname = $1', DATABASE)
    await client.query(there ? `alter database ${DATABASE} owner to ${OWNER}` : `create database ${DATABASE} owner ${OWNER}`)
  })
  await asSuperuser(superuser, DATABASE, async (client) => {
    const { rows } = await client.query<{ sql: string }>(HAND_OVER, [SUPERUSER, OWNER])
    if (rows.length > 0) await client.query(`begin; ${rows.map(({ sql }) => sql).join('; ')}; commit`)
    // Temporary tables fill the disk like any other.
    await client.query(`revoke temporary on database ${DATABASE} from public`)
    await closeFunctions(client)
  })
}

/** SQL: hands all objects of the superuser to the owner, like `reassign owned`, which refuses the superuser of initdb. The owner may also alter the roles it made. */
const HAND_OVER = `with superuser as (select oid from pg_roles where rolname = $1),
  space as (select oid, nspname, nspowner from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
  part as (select classid, objid from pg_depend where deptype = 'e' or (classid = 'pg_class'::regclass and deptype in ('a', 'i'))),
  owned (classid, objid, place, kind, name) as (
    select 'pg_namespace'::regclass, oid, 1, 'schema', quote_ident(nspname) from space where nspowner = (select oid from superuser)
    union all
    select 'pg_class'::regclass, c.oid, 2, k.name, c.oid::regclass::text from pg_class c join space s on s.oid = c.relnamespace
      join (values ('r', 'table'), ('p', 'table'), ('v', 'view'), ('m', 'materialized view'), ('S', 'sequence'), ('c', 'type'), ('f', 'foreign table'))
        as k (kind, name) on k.kind = c.relkind::text where c.relowner = (select oid from superuser)
    union all
    select 'pg_proc'::regclass, p.oid, 3, 'routine', p.oid::regprocedure::text from pg_proc p join space s on s.oid = p.pronamespace
      where p.proowner = (select oid from superuser)
    union all
    select 'pg_type'::regclass, t.oid, 3, 'type', t.oid::regtype::text from pg_type t join space s on s.oid = t.typnamespace
      where t.typtype in ('d', 'e', 'r') and t.typowner = (select oid from superuser))
  select sql from (
    select place, format('alter %s %s owner to %I', kind, name, $2::text) as sql from owned o
      where not exists (select from part p where p.classid = o.classid and p.objid = o.objid)
    union all
    select 4, format('grant %I to %I with admin true, inherit false, set false', rolname, $2::text) from pg_roles r
      where rolname like 'qicore\\_%' and rolname <> $2 and not exists (
        select from pg_auth_members m where m.roleid = r.oid and m.admin_option and m.member = (select oid from pg_roles where rolname = $2))
  ) as todo order by place`
