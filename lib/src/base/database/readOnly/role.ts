import { randomBytes } from 'node:crypto'
import { QiError } from '../../types/index.ts'
import { sqlState } from '../errors.ts'
import { type Pool, type PoolClient, withClient } from '../pool.ts'
import { LEVELS, viewOf } from '../rollups/levels.ts'
import { allTables } from '../tables.ts'
import { OWN_TABLES } from '../timescale/custom.ts'

/** 'qiread' in ASCII: one process at a time looks after the role. */
const LOCK = 0x716972656164
const SECRET = 'reader.password'
/** Connections of the role at once. */
const CONNECTIONS = 10

const READABLE = [...allTables.map(({ name }) => name), ...LEVELS.map(viewOf)]

/** What the role is made on. */
export interface RoleOwner {
  readonly pool: Pool
  readonly url: string
}

/**
 * The address of the store under a role that may read records and reference data, and do nothing else. It is made at first use and
 * logs in by itself: a session that was somebody else before could become so again, by `set_config('role', …)` in a mere query.
 * Its name is `qicore_reader_` and the number of the database, since roles are shared by all databases of a server.
 * @throws QiError UNSUPPORTED where the store's user may not create roles
 */
export async function readerUrl({ pool, url }: RoleOwner): Promise<string> {
  const { name, password } = await withClient(pool, async (client) => {
    await client.query('begin')
    try {
      await client.query('select pg_advisory_xact_lock($1)', [LOCK])
      const role = await ensureRole(client)
      await client.query('commit')
      return role
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw sqlState(error) === '42501' ? notAllowed(error) : error
    }
  })
  const address = new URL(url)
  address.username = name
  address.password = password
  return address.href
}

const notAllowed = (cause: unknown): QiError =>
  new QiError(
    'UNSUPPORTED',
    "the store's user may not create roles, and SQL runs only in a role that can read and nothing else: have an administrator run `alter role <the user of DATABASE_URL> createrole`, or use the named queries, which need no role",
    { field: 'sql', cause },
  )

async function ensureRole(client: PoolClient): Promise<{ readonly name: string; readonly password: string }> {
  const { rows } = await client.query<{ name: string; exists: boolean; database: string; schema: string; secret: string | null }>(
    `select name, exists (select from pg_roles where rolname = name) as exists, quote_ident(current_database()) as database,
      quote_ident(current_schema()) as schema, (select value from qicore_settings where name = $1) as secret
     from (select 'qicore_reader_' || oid as name from pg_database where datname = current_database()) as r`,
    [SECRET],
  )
  const { name, exists, database, schema, secret } = rows[0] as (typeof rows)[number]
  const password = secret ?? randomBytes(24).toString('base64url')
  if (!exists)
    await client.query(
      `create role ${name} login noinherit nocreatedb nocreaterole connection limit ${CONNECTIONS} password '${password}'`,
    )
  else if (secret === null) await client.query(`alter role ${name} password '${password}'`)
  if (!exists) await client.query(`alter role ${name} set default_transaction_read_only = on`)
  if (secret === null) await client.query('insert into qicore_settings (name, value) values ($1, $2)', [SECRET, password])
  await client.query(`grant connect on database ${database} to ${name}`)
  await client.query(`grant usage on schema ${schema} to ${name}`)
  const own = await client.query<{ table: string }>(OWN_TABLES)
  const lacking = await client.query<{ table: string }>(
    `select t as table from unnest($2::text[]) as t where to_regclass(t) is not null and not has_table_privilege($1, t, 'select')`,
    [name, [...READABLE, ...own.rows.map(({ table }) => table)]],
  )
  for (const { table } of lacking.rows) await client.query(`grant select on ${table} to ${name}`)
  return { name, password }
}
