import { createHmac } from 'node:crypto'
import pg from 'pg'
import { errorMessage, QiError } from '../../base/index.ts'

/** A role that reads the store, in the current database alone. */
export interface ReaderRole {
  readonly name: string
  /** The store's URL in that role. */
  readonly url: string
  /** What the role may do beyond reading because of how this server is set up. */
  readonly warnings: readonly string[]
}

/**
 * Makes sure of a role that can only read: no rights but CONNECT, USAGE and SELECT, read-only transactions, limits of time and
 * connections. The password comes from the URL's own, so that all processes of one store agree on it and nothing is kept.
 * @throws QiError FORBIDDEN where the URL's role may not create one
 */
export async function ensureReaderRole(databaseUrl: string): Promise<ReaderRole> {
  const url = new URL(databaseUrl)
  const client = new pg.Client(databaseUrl)
  try {
    await client.connect()
    const found = await client.query<{ database: string; schema: string; version: number }>(
      `select current_database() as database, current_schema() as schema, current_setting('server_version_num')::int as version`,
    )
    const { database, schema, version } = found.rows[0] as (typeof found.rows)[0]
    const name = `qicore_mcp_${createHmac('sha256', 'qicore').update(database).digest('hex').slice(0, 12)}`
    const password = createHmac('sha256', url.password || databaseUrl)
      .update(name)
      .digest('hex')
    const id = (text: string) => pg.escapeIdentifier(text)
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [name])
    const known = await client.query('select 1 from pg_roles where rolname = $1', [name])
    // Some of these may be given by a superuser alone, even where they change nothing.
    const without = known.rowCount ? '' : 'nosuperuser nocreatedb nocreaterole noinherit noreplication'
    await client.query(
      `${known.rowCount ? 'alter' : 'create'} role ${id(name)} with login ${without} connection limit 8 password ${pg.escapeLiteral(password)}`,
    )
    for (const [setting, value] of Object.entries(SETTINGS))
      await client.query(`alter role ${id(name)} set ${setting} = ${pg.escapeLiteral(value)}`)
    await client.query(`grant connect on database ${id(database)} to ${id(name)}`)
    await client.query(`grant usage on schema ${id(schema)} to ${id(name)}`)
    await client.query(`grant select on all tables in schema ${id(schema)} to ${id(name)}`)
    await client.query(`alter default privileges in schema ${id(schema)} grant select on tables to ${id(name)}`)
    const rights = await client.query<{ create: boolean }>(`select has_schema_privilege($1, $2, 'create') as create`, [
      name,
      schema,
    ])
    await client.query('commit')
    url.username = name
    url.password = password
    const warnings = rights.rows[0]?.create
      ? [
          `PostgreSQL ${Math.floor(version / 10_000)} lets every role create tables in schema ${schema}: revoke create on schema ${schema} from public`,
        ]
      : []
    return { name, url: url.href, warnings }
  } catch (error) {
    throw new QiError(
      'FORBIDDEN',
      `a role that can only read cannot be made in the store: ${errorMessage(error)}; let the role of DATABASE_URL create roles`,
      { cause: error, field: 'database.url' },
    )
  } finally {
    await client.end().catch(() => {})
  }
}

const SETTINGS = {
  default_transaction_read_only: 'on',
  statement_timeout: '30s',
  idle_in_transaction_session_timeout: '30s',
  lock_timeout: '5s',
}
