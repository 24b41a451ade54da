import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ControlConnection, RoleWatch } from '../../base/database/index.ts'
import { defineLauncher, type LauncherContext, type Precondition } from '../shared/launcher.ts'
import { folderOf, installed, installNpm, type NpmServer } from '../shared/npmPackage.ts'
import { requirePreconditions } from '../shared/preconditions.ts'
import { archived, PACKAGE, server } from './npmServers.ts'
import { ensureServerRole, type ServerRole, TIMEOUT_MS } from './readerRole.ts'

const database = ({ databaseUrl }: LauncherContext): Precondition =>
  databaseUrl
    ? { name: 'store', ok: true, summary: 'a store in which a reading role can be made' }
    : { name: 'store', ok: false, summary: 'no store', remedy: 'start the platform, or set DATABASE_URL' }

const preconditionsOf = (which: NpmServer) => async (context: LauncherContext) => [
  await installed(which, context),
  database(context),
]

/** The role of a server, and what keeps its sessions within their limits until `close`. */
async function watchedRole({
  databaseUrl,
  server,
}: LauncherContext): Promise<{ readonly role: ServerRole; close(): Promise<void> }> {
  const url = databaseUrl as string
  const control = new ControlConnection(() => url)
  try {
    const role = await ensureServerRole(url, control, server)
    const watch = new RoleWatch(control, role.name, TIMEOUT_MS, server)
    return {
      role,
      async close() {
        await watch.close()
        await control.close()
      },
    }
  } catch (error) {
    await control.close()
    throw error
  }
}

/** The server's configuration file. The address comes from its environment, so the file holds no secret. */
const SETTINGS = `[[sources]]
id = "qicore"
dsn = "\${QICORE_READER_DSN}"

[[tools]]
name = "execute_sql"
source = "qicore"
readonly = true
max_rows = 1000

[[tools]]
name = "search_objects"
source = "qicore"
`

/** DBHub on the store: read-only by its own check, and in a database role that can do nothing else. */
export const OfficialPostgresMCPLauncher = defineLauncher({
  name: 'postgres',
  summary: 'DBHub, the maintained server for PostgreSQL: SQL over the store in a role that can only read',
  preconditions: preconditionsOf(server),
  install: (context) => installNpm(server, context),
  async launch(context) {
    await requirePreconditions({ name: 'postgres', preconditions: preconditionsOf(server) }, context)
    const { role, close } = await watchedRole(context)
    const folder = folderOf(server, context)
    const settings = join(folder, 'dbhub.toml')
    await writeFile(settings, SETTINGS)
    await chmod(settings, 0o600)
    return {
      spec: {
        command: process.execPath,
        args: [join(folder, 'node_modules', PACKAGE, 'dist', 'index.js'), '--transport', 'stdio', '--config', settings],
        cwd: folder,
        env: { QICORE_READER_DSN: role.url },
      },
      warnings: role.warnings,
      close,
    }
  },
})

/** The reference server, which is archived and whose read-only transaction can be left by SQL: only in the reading role. */
export const ArchivedPostgresMCPLauncher = defineLauncher({
  name: 'postgres-archived',
  summary: 'the archived reference server for PostgreSQL, which can be talked out of its read-only mode; prefer postgres',
  preconditions: preconditionsOf(archived),
  install: (context) => installNpm(archived, context),
  async launch(context) {
    await requirePreconditions({ name: 'postgres-archived', preconditions: preconditionsOf(archived) }, context)
    const { role, close } = await watchedRole(context)
    const folder = folderOf(archived, context)
    // The server takes the address as an argument, which every user of the machine can read; the driver takes the password from here.
    const address = new URL(role.url)
    const env = { PGPASSWORD: decodeURIComponent(address.password) }
    address.password = ''
    return {
      spec: {
        command: process.execPath,
        args: [join(folder, 'node_modules/@modelcontextprotocol/server-postgres/dist/index.js'), address.href],
        cwd: folder,
        env,
      },
      warnings: [
        'server-postgres is archived, and a query can end its read-only transaction: only the database role keeps it from writing; use the launcher postgres instead',
        ...role.warnings,
      ],
      close,
    }
  },
})
