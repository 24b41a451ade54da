import { type ControlConnection, ensureReaderRole, limitAsSuperuser } from '../../base/database/index.ts'
import { errorMessage, QiError, toQiError } from '../../base/types/index.ts'
import type { OwnServer } from '../shared/launcher.ts'

/** Longest statement and transaction of the role, in milliseconds. */
export const TIMEOUT_MS = 30_000
const CONNECTIONS = 8

/** The database role of a third-party server. */
export interface ServerRole {
  readonly name: string
  /** The store's URL in that role. */
  readonly url: string
  /** Limits for an administrator to set on this database server, as SQL. */
  readonly warnings: readonly string[]
}

/**
 * Makes sure of a role that reads records and reference data alone, with a random password and limits of its own. SQL of this role is
 * not parsed, so what it may call matters: in the embedded server PUBLIC has lost the functions that hold up others, elsewhere an
 * administrator takes them away.
 * @throws QiError FORBIDDEN where the URL's role may not create one
 */
export async function ensureServerRole(databaseUrl: string, control: ControlConnection, server?: OwnServer): Promise<ServerRole> {
  try {
    const options = { prefix: 'qicore_mcp_', connections: CONNECTIONS, timeoutMs: TIMEOUT_MS } as const
    const made = await control.run((client) => ensureReaderRole(client, options))
    const { name, password, lacking } = await limitAsSuperuser(made, server)
    const url = new URL(databaseUrl)
    url.username = name
    url.password = password
    const warnings = server
      ? []
      : [...lacking, ...(await openFunctions(control))].map((sql) => `have an administrator of the database run: ${sql}`)
    return { name, url: url.href, warnings }
  } catch (error) {
    if (toQiError(error).code !== 'FORBIDDEN') throw error
    throw new QiError(
      'FORBIDDEN',
      `a role that can only read cannot be made in the store: ${errorMessage(error)}; let the role of DATABASE_URL create roles`,
      { cause: error, field: 'database.url' },
    )
  }
}

/** The SQL that keeps others from the locks of the platform, where PUBLIC may take them. */
async function openFunctions(control: ControlConnection): Promise<readonly string[]> {
  return control.run(async (client) => {
    const { rows } = await client.query<{ open: boolean; owner: string }>(
      `select quote_ident(current_user) as owner, exists (
         select from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
         where p.proname = 'pg_advisory_lock' and p.pronamespace = 'pg_catalog'::regnamespace and a.grantee = 0) as open`,
    )
    const [row] = rows
    if (!row?.open) return []
    const functions = 'pg_advisory_lock(bigint), pg_advisory_lock(int, int), pg_sleep(float8)'
    return [`revoke execute on function ${functions} from public; grant execute on function ${functions} to ${row.owner}`]
  })
}
