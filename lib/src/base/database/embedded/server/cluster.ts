import { randomBytes } from 'node:crypto'
import { appendFile, chmod, chown, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { QiError } from '../../../types/index.ts'
import { embeddedFailure } from '../failures.ts'
import { writeDurably } from '../home/durable.ts'
import type { Placement } from '../home/placement.ts'
import { readPrivate } from '../home/privateFiles.ts'
import { SUPERUSER } from '../roles/superuser.ts'
import type { EmbeddedOptions } from '../types.ts'
import { binary, majorVersion } from './binaries.ts'
import { run } from './run.ts'

/**
 * Creates the data folder if it is missing. It is built beside its place and renamed, so a kill at any instant leaves nothing or all of
 * it. Call it under the home's lock.
 * @throws QiError CONFLICT if the folder belongs to another major version of PostgreSQL
 */
export async function ensureCluster(placement: Placement, password: string, options: EmbeddedOptions): Promise<void> {
  const { dataFolder, binaries, user } = placement
  const version = await readFile(join(dataFolder, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version === undefined) {
    await removeUnfinished(dataFolder)
    await initialise(placement, password, options)
    return
  }
  if (version.trim() !== majorVersion(binaries))
    throw new QiError(
      'CONFLICT',
      `${dataFolder} was made by PostgreSQL ${version.trim()}, and this version of qicore brings PostgreSQL ${binaries.version}: export the data ` +
        `with the older qicore, move ${dataFolder} away and import it again, or set DATABASE_URL`,
    )
  // A copy made by root belongs to root; PostgreSQL insists on its owner.
  if (user && (await stat(dataFolder)).uid !== user.uid) await run('chown', ['-R', `${user.uid}:${user.gid}`, dataFolder])
  await chmod(dataFolder, 0o700)
}

/** Deletes the unfinished folders of starts that were killed. */
async function removeUnfinished(dataFolder: string): Promise<void> {
  const parent = dirname(dataFolder)
  const prefix = `${basename(dataFolder)}.new-`
  for (const name of await readdir(parent).catch(() => []))
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true, maxRetries: 10 })
}

async function initialise(placement: Placement, password: string, options: EmbeddedOptions): Promise<void> {
  const { dataFolder, user } = placement
  options.onNotice?.('creating the database, on the first start only')
  const temporary = `${dataFolder}.new-${process.pid}-${randomBytes(4).toString('hex')}`
  const passwordFile = join(temporary, 'password')
  const cluster = join(temporary, 'data')
  try {
    await mkdir(temporary, { mode: 0o700 })
    await writeFile(passwordFile, password, { mode: 0o600 })
    if (user) for (const path of [temporary, passwordFile]) await chown(path, user.uid, user.gid)
    const { code, output } = await run(
      binary(placement.binaries, 'initdb'),
      [
        `--pgdata=${cluster}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // PostgreSQL's own C.UTF-8: the same on every system, whether or not it has that locale.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
      ],
      { as: user, cwd: temporary },
    )
    if (code !== 0) throw embeddedFailure('the database cannot be created', dirname(dataFolder), output)
    await appendFile(
      join(cluster, 'postgresql.conf'),
      "\n# Written by qicore at each start; settings of your own go below it.\ninclude_if_exists = 'qicore.conf'\n",
    )
    await rename(cluster, dataFolder)
    await syncFolder(dirname(dataFolder))
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Writes the settings of a shared local server. Durability stays on: acknowledged data survives a power cut. */
export async function writeSettings({ dataFolder, user }: Placement, port: number): Promise<void> {
  const sharedBuffers = Math.max(64, Math.min(256, Math.floor(totalmem() / 2 ** 20 / 8)))
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '', // only loopback TCP, so that no socket folder needs to be shared
    max_connections: 200,
    shared_buffers: `${sharedBuffers}MB`,
    work_mem: '16MB',
    maintenance_work_mem: '64MB',
    effective_io_concurrency: 16,
    random_page_cost: 1.1,
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    wal_buffers: '16MB',
    max_wal_size: '4GB',
    min_wal_size: '256MB',
    checkpoint_timeout: '15min',
    jit: 'off', // statements are short; compiling them costs more than it gains
    timezone: 'UTC',
    log_timezone: 'UTC',
    datestyle: 'iso, ymd',
    log_min_messages: 'log', // errors of statements go to their clients; a duplicate key is routine
    log_checkpoints: 'off',
    logging_collector: 'off',
    autovacuum_vacuum_insert_scale_factor: 0.1,
    tcp_keepalives_idle: 60,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${typeof value === 'number' ? value : `'${value}'`}`)
  const file = join(dataFolder, 'qicore.conf')
  await writeFile(file, `# Written by qicore at each start.\n${lines.join('\n')}\n`, { mode: 0o600 })
  if (user) await chown(file, user.uid, user.gid)
}

/** A password of this home's server, kept in a file that only the user can read; created at first use. */
export async function homePassword(
  home: string,
  name: 'postgres.password' | 'postgres.owner.password' | 'postgres.reader.password',
  onNotice?: (line: string) => void,
  onMade?: () => void,
): Promise<string> {
  const file = join(home, name)
  const held = await readPrivate(file, onNotice)
  if (held) return held
  const password = randomBytes(24).toString('base64url')
  await writeDurably(file, password)
  onMade?.()
  return password
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}
