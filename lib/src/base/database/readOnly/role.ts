import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { QiError } from '../../types/index.ts'
import { sqlState } from '../connections/errors.ts'
import type { EmbeddedPostgres } from '../embedded/types.ts'
import { LEVELS, rollupView } from '../rollups/levels.ts'
import { FIGURE_VIEWS } from '../series/figureViews.ts'
import { allTables, publicName } from '../tables/tables.ts'
import { OWN_TABLES } from '../timescale/custom.ts'

/** A role that can only read records and reference data. */
export interface ReaderRole {
  readonly name: string
  readonly password: string
  /** Missing limits that only an administrator of the server may set, each as the SQL that sets it. */
  readonly lacking: readonly string[]
  /** True if this call granted it new rights to read. */
  readonly granted: boolean
}

export interface RoleOptions {
  /** Its name is this and the number of the database, because roles are shared by all databases of a server. */
  readonly prefix: 'qicore_reader_' | 'qicore_mcp_' | 'qicore_sql_'
  /** A name without the number, and a password kept elsewhere: for a server with no other database. */
  readonly own?: { readonly name: string; readonly password: string }
  /** The most connections at once. */
  readonly connections: number
  /** The longest statement, in milliseconds; also the longest transaction and idle time in one. */
  readonly timeoutMs: number
}

/** The most disk that one session may use for sorts and the like. */
const TEMPORARY = '256MB'

const READABLE = [...allTables.map(publicName), 'series', ...FIGURE_VIEWS, ...LEVELS.map(rollupView)]

/**
 * Creates or repairs the role: its password, its limits and its rights. The password is random and kept in qicore_settings, so that
 * all processes of a store agree on it. The role is no superuser and no member of another role, and it logs in directly: a session that
 * changed to it from another role could change back.
 * @throws DatabaseError 42501 if the store's user may not create roles
 */
export async function ensureReaderRole(client: pg.ClientBase, options: RoleOptions): Promise<ReaderRole> {
  await client.query('begin')
  try {
    const role = await ensure(client, options)
    await client.query('commit')
    return role
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/**
 * Finds the role that another process created, for a database where nothing may be written.
 * @throws QiError UNSUPPORTED if there is none, or its password may not be read
 */
export async function findReaderRole(client: pg.ClientBase, { prefix }: RoleOptions): Promise<ReaderRole> {
  const { rows } = await client
    .query<{ name: string; password: string }>(
      `select rolname as name, value as password from pg_roles cross join qicore_settings
       where rolname = (select $1 || oid from pg_database where datname = current_database()) and name = $1 || 'password'`,
      [prefix],
    )
    .catch((error: unknown) => {
      throw sqlState(error) === '42501' ? noRoleYet(error) : error
    })
  const [found] = rows
  if (!found) throw noRoleYet()
  return { ...found, lacking: await lackingLimit(client, found.name), granted: false }
}

const noRoleYet = (cause?: unknown): QiError =>
  new QiError(
    'UNSUPPORTED',
    'sql: its role is missing, or its password in qicore_settings may not be read here: run a query once on the platform, which creates the role; the named queries need none',
    { field: 'sql', cause },
  )

interface Found {
  readonly name: string
  readonly exists: boolean
  readonly database: string
  readonly schema: string
  readonly version: number
  readonly superuser: boolean
}

async function ensure(client: pg.ClientBase, { prefix, own, connections, timeoutMs }: RoleOptions): Promise<ReaderRole> {
  // The row of the password is the lock, so that two processes create one role; nobody else can lock that row.
  const secret = `${prefix}password`
  await client.query(
    'insert into qicore_settings (name, value) values ($1, $2) on conflict (name) do update set value = $2 where $3',
    [secret, own?.password ?? randomBytes(24).toString('base64url'), own !== undefined],
  )
  const { rows: secrets } = await client.query<{ value: string }>(
    'select value from qicore_settings where name = $1 for update',
    [secret],
  )
  const password = secrets[0]?.value as string
  const { rows } = await client.query<Found>(
    `select name, exists (select from pg_roles where rolname = name) as exists, quote_ident(current_database()) as database,
      quote_ident(current_schema()) as schema, current_setting('server_version_num')::int as version,
      (select rolsuper from pg_roles where rolname = current_user) as superuser
     from (select coalesce($2, $1 || oid) as name from pg_database where datname = current_database()) as r`,
    [prefix, own?.name ?? null],
  )
  const found = rows[0] as Found
  const { name, database, schema } = found
  const changing = `role ${name} with login noinherit connection limit ${connections} password '${password}'`
  await client.query(found.exists ? `alter ${changing}` : `create ${changing} nocreatedb nocreaterole`)
  for (const [setting, value] of Object.entries(settingsOf(found, timeoutMs)))
    await client.query(`alter role ${name} set ${setting} = ${value}`)
  const lacking = await limitFiles(client, name)
  // Only a member of the role may end its sessions; a superuser is a member of every role.
  if (!found.superuser) await client.query(`grant ${name} to current_user`)
  await client.query(`grant connect on database ${database} to ${name}`)
  await client.query(`grant usage on schema ${schema} to ${name}`)
  return { name, password, lacking, granted: await grantTables(client, name) }
}

const settingsOf = ({ version, schema }: Found, timeoutMs: number): Readonly<Record<string, string | number>> => ({
  default_transaction_read_only: 'on',
  statement_timeout: timeoutMs,
  lock_timeout: 1_000,
  idle_in_transaction_session_timeout: timeoutMs,
  ...(version >= 140_000 && { client_connection_check_interval: 1_000 }),
  ...(version >= 170_000 && { transaction_timeout: timeoutMs }),
  work_mem: "'8MB'",
  // A parallel worker would have limits of its own on memory and temporary files.
  max_parallel_workers_per_gather: 0,
  // Functions of the extension are always in public.
  search_path: schema === 'public' ? 'public' : `${schema}, public`,
})

/** @returns the SQL that limits temporary files; none if they are limited */
async function lackingLimit(client: pg.ClientBase, name: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ set: boolean }>(
    `select current_setting('temp_file_limit') <> '-1' or exists (
      select from pg_db_role_setting s, unnest(setconfig) c where s.setrole = $1::regrole and c ~ '^temp_file_limit=[0-9]') as set`,
    [name],
  )
  return rows[0]?.set ? [] : [`alter role ${name} set temp_file_limit = '${TEMPORARY}'`]
}

/** Sets the limits that need a superuser, on the embedded server. */
export async function limitAsSuperuser(role: ReaderRole, server?: Pick<EmbeddedPostgres, 'asSuperuser'>): Promise<ReaderRole> {
  if (!server || role.lacking.length === 0) return role
  await server.asSuperuser(async (client) => {
    for (const sql of role.lacking) await client.query(sql)
  })
  return { ...role, lacking: [] }
}

/** Tries to limit temporary files, which needs a superuser. @returns the SQL that is left for one; none if the limit is set */
async function limitFiles(client: pg.ClientBase, name: string): Promise<readonly string[]> {
  const lacking = await lackingLimit(client, name)
  const [sql] = lacking
  if (sql === undefined) return lacking
  await client.query('savepoint limits')
  try {
    await client.query(sql)
    return []
  } catch (error) {
    if (sqlState(error) !== '42501') throw error
    await client.query('rollback to limits')
    return lacking
  }
}

/** Grants reading of all tables. @returns true if a right is new */
async function grantTables(client: pg.ClientBase, name: string): Promise<boolean> {
  const own = await client.query<{ table: string }>(OWN_TABLES)
  const lacking = await client.query<{ table: string }>(
    `select t as table from unnest($2::text[]) as t where to_regclass(t) is not null and not has_table_privilege($1, t, 'select')`,
    [name, [...READABLE, ...own.rows.map(({ table }) => table)]],
  )
  for (const { table } of lacking.rows) await client.query(`grant select on ${table} to ${name}`)
  return lacking.rows.length > 0
}
