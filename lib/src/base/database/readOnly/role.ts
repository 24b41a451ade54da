import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { QiError } from '../../types/index.ts'
import { sqlState } from '../errors.ts'
import { LEVELS, viewOf } from '../rollups/levels.ts'
import { allTables, publicName } from '../tables.ts'
import { OWN_TABLES } from '../timescale/custom.ts'

/** A role that reads records and reference data, and does nothing else. */
export interface ReaderRole {
  readonly name: string
  readonly password: string
  /** Limits that only an administrator of the server may set; each as the SQL that sets it. */
  readonly lacking: readonly string[]
  /** True if this call gave it the right to read something that it could not read before. */
  readonly granted: boolean
}

export interface RoleOptions {
  /** Its name is this and the number of the database, since roles are shared by all databases of a server. */
  readonly prefix: 'qicore_reader_' | 'qicore_mcp_'
  /** Connections at once. */
  readonly connections: number
  /** Longest statement, in milliseconds; transactions and idle sessions end at the same age. */
  readonly timeoutMs: number
}

/** Disk that one session may use for sorts and the like. */
const TEMPORARY = '256MB'

const READABLE = [...allTables.map(publicName), 'series', ...LEVELS.map(viewOf)]

/**
 * Makes sure of the role, its password, its limits and what it may read. The password is random and kept in qicore_settings, so that
 * all processes of a store agree on it. Not SUPERUSER, not a member of anything: it logs in by itself, since a session that was
 * somebody else before could become so again.
 * @throws DatabaseError 42501 where the store's user may not create roles
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
 * The role as another process has made it, where nothing may be written.
 * @throws QiError UNSUPPORTED where there is none, or its password may not be read
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
    'sql: its role is not there, or its password in qicore_settings may not be read here: run a query once on the platform, which makes the role; the named queries need none',
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

async function ensure(client: pg.ClientBase, { prefix, connections, timeoutMs }: RoleOptions): Promise<ReaderRole> {
  // The row of the password is the lock: two processes make one role, and nobody else can touch that row.
  const secret = `${prefix}password`
  await client.query('insert into qicore_settings (name, value) values ($1, $2) on conflict (name) do nothing', [
    secret,
    randomBytes(24).toString('base64url'),
  ])
  const { rows: secrets } = await client.query<{ value: string }>(
    'select value from qicore_settings where name = $1 for update',
    [secret],
  )
  const password = secrets[0]?.value as string
  const { rows } = await client.query<Found>(
    `select name, exists (select from pg_roles where rolname = name) as exists, quote_ident(current_database()) as database,
      quote_ident(current_schema()) as schema, current_setting('server_version_num')::int as version,
      (select rolsuper from pg_roles where rolname = current_user) as superuser
     from (select $1 || oid as name from pg_database where datname = current_database()) as r`,
    [prefix],
  )
  const found = rows[0] as Found
  const { name, database, schema } = found
  const changing = `role ${name} with login noinherit connection limit ${connections} password '${password}'`
  await client.query(found.exists ? `alter ${changing}` : `create ${changing} nocreatedb nocreaterole`)
  for (const [setting, value] of Object.entries(settingsOf(found, timeoutMs)))
    await client.query(`alter role ${name} set ${setting} = ${value}`)
  const lacking = await limitFiles(client, name)
  // To end sessions of the role its owner must be a member; a superuser is one of all.
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
  // A worker has memory and temporary files of its own.
  max_parallel_workers_per_gather: 0,
  // Functions of the extension are in public, wherever the tables are.
  search_path: schema === 'public' ? 'public' : `${schema}, public`,
})

/** @returns the SQL that limits temporary files, where they are not limited */
async function lackingLimit(client: pg.ClientBase, name: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ set: boolean }>(
    `select current_setting('temp_file_limit') <> '-1' or exists (
      select from pg_db_role_setting s, unnest(setconfig) c where s.setrole = $1::regrole and c ~ '^temp_file_limit=[0-9]') as set`,
    [name],
  )
  return rows[0]?.set ? [] : [`alter role ${name} set temp_file_limit = '${TEMPORARY}'`]
}

/** Only a superuser may limit temporary files. @returns the SQL for one, where we are none and the limit is missing */
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

/** @returns true if something was granted that was not before */
async function grantTables(client: pg.ClientBase, name: string): Promise<boolean> {
  const own = await client.query<{ table: string }>(OWN_TABLES)
  const lacking = await client.query<{ table: string }>(
    `select t as table from unnest($2::text[]) as t where to_regclass(t) is not null and not has_table_privilege($1, t, 'select')`,
    [name, [...READABLE, ...own.rows.map(({ table }) => table)]],
  )
  for (const { table } of lacking.rows) await client.query(`grant select on ${table} to ${name}`)
  return lacking.rows.length > 0
}
