import { createHash } from 'node:crypto'
import { QiError } from '../../types/index.ts'
import { classifyPgError, sqlState } from '../connections/errors.ts'
import { isReadOnly, type Pool, type PoolClient, withClient } from '../connections/pool.ts'
import { ensureLockBase } from './lockKeys.ts'

/** One step of a component's schema. A released file never changes; a change is a new file. */
export interface MigrationFile {
  /** 1, 2, 3 … without holes. */
  readonly version: number
  readonly name: string
  readonly sql: string
}

/** All files of one component's schema. */
export interface Migrations {
  /** The owner of the schema; each component has its own versions. */
  readonly component: string
  readonly files: readonly MigrationFile[]
}

export interface MigrateOptions extends Migrations {
  /** Runs before the files, inside the same lock and transaction; only if there are files to apply. */
  readonly before?: (client: PoolClient, pending: readonly MigrationFile[]) => Promise<void>
  /** Runs after the files, inside the same lock and transaction; also if there are none. For steps that SQL alone cannot decide. */
  readonly after?: (client: PoolClient, applied: readonly MigrationFile[]) => Promise<void>
}

/** SQL of the tables with the applied migrations and the store's settings. */
export const BOOKKEEPING = `create table if not exists qicore_migrations (
  component text not null, version integer not null, name text not null, checksum text not null,
  applied_at timestamptz not null default now(), primary key (component, version));
  create table if not exists qicore_settings (name text primary key, value text not null)`

/** SQLSTATEs if another process creates the same table at the same moment. */
const MADE_MEANWHILE: ReadonlySet<string | undefined> = new Set(['23505', '42P07', '42710'])

/**
 * Applies missing files in order, in one transaction, under a lock that all components share; several processes may call it at once. On a
 * read-only pool it only checks that none is missing.
 * @returns the files applied by this call
 * @throws QiError CONFLICT if an applied file has changed or the database is newer than this program; NotMade on a read-only pool
 */
export async function migrate(pool: Pool, options: MigrateOptions): Promise<readonly MigrationFile[]> {
  checkFiles(options)
  if (isReadOnly(pool)) return requireMade(pool, options)
  return withClient(pool, async (client) => {
    await ensureBookkeeping(client)
    // No time limits: another process may be migrating, and an index over all rows takes long.
    await client.query('begin; set local lock_timeout = 0; set local statement_timeout = 0')
    try {
      await client.query('lock table qicore_migrations in share row exclusive mode')
      const pending = filesAfter(await appliedFiles(client, [options.component]), options)
      if (pending.length > 0) await options.before?.(client, pending)
      for (const file of pending) await apply(client, options.component, file)
      await options.after?.(client, pending)
      await client.query('commit')
      return pending
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw classifyPgError(error, `migrating ${options.component}`)
    }
  })
}

/** The tables of a component are missing or of an older version, and the pool is read-only. */
export class NotMade extends QiError {
  /** True if the component never had tables in this database. */
  readonly neverMade: boolean

  constructor({ component, applied }: PendingMigrations) {
    super(
      'UNAVAILABLE',
      applied === 0
        ? `nothing is kept of ${component} in this database yet`
        : `the tables of ${component} are older than this program: start the platform on DATABASE_URL once`,
      { advised: true, retryable: false },
    )
    this.neverMade = applied === 0
  }
}

async function requireMade(pool: Pool, component: Migrations): Promise<readonly MigrationFile[]> {
  const [found] = await pendingOf(pool, [component])
  if (found && found.pending.length > 0) throw new NotMade(found)
  return []
}

/** Creates the bookkeeping tables. Only their owner can read or lock them. */
async function ensureBookkeeping(client: PoolClient): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await client.query('begin')
      await client.query(BOOKKEEPING)
      await ensureLockBase(client)
      await client.query('commit')
      return
    } catch (error) {
      await client.query('rollback').catch(() => {})
      if (!MADE_MEANWHILE.has(sqlState(error)) || attempt > 10) throw classifyPgError(error, 'making the tables of migrations')
    }
  }
}

function checkFiles({ component, files }: MigrateOptions): void {
  files.forEach((file, i) => {
    if (file.version !== i + 1)
      throw new QiError('INTERNAL', `${component}: migration ${file.name} has version ${file.version}, expected ${i + 1}`)
  })
}

interface Applied {
  readonly component: string
  readonly version: number
  readonly name: string
  readonly checksum: string
}

async function appliedFiles(client: Pick<Pool, 'query'>, components: readonly string[]): Promise<readonly Applied[]> {
  const { rows } = await client.query<Applied>(
    'select component, version, name, checksum from qicore_migrations where component = any ($1) order by version',
    [components],
  )
  return rows
}

function filesAfter(applied: readonly Applied[], { component, files }: Migrations): readonly MigrationFile[] {
  const own = applied.filter((row) => row.component === component)
  for (const row of own) {
    const file = files[row.version - 1]
    if (!file)
      throw new QiError(
        'CONFLICT',
        `the database is newer than this program: ${component} is at migration ${row.version} (${row.name}), known up to ${files.length}; upgrade qicore`,
      )
    if (checksum(file) !== row.checksum)
      throw new QiError(
        'CONFLICT',
        `migration ${component} ${row.version} (${row.name}) was changed after it had been applied; restore it and put the change into a new one`,
      )
  }
  return files.slice(own.length)
}

/** Migrations of one component in a database. */
export interface PendingMigrations {
  readonly component: string
  /** Number of files applied; 0 in a database that was never migrated. */
  readonly applied: number
  /** The files that {@link migrate} would apply, in order. */
  readonly pending: readonly MigrationFile[]
}

/**
 * Finds the pending migrations of components. Only reads, so it works on a standby and for a role with `select` alone. Without the
 * bookkeeping table every file is pending.
 * @throws QiError CONFLICT as {@link migrate}; FORBIDDEN if the role may not read the bookkeeping
 */
export async function pendingOf(
  client: Pick<Pool, 'query'>,
  components: readonly Migrations[],
): Promise<readonly PendingMigrations[]> {
  try {
    const { rows } = await client.query<{ there: boolean }>("select to_regclass('qicore_migrations') is not null as there")
    const names = components.map(({ component }) => component)
    const applied = rows[0]?.there ? await appliedFiles(client, names) : []
    return components.map((each) => {
      const pending = filesAfter(applied, each)
      return { component: each.component, applied: each.files.length - pending.length, pending }
    })
  } catch (error) {
    throw classifyPgError(error, 'reading which migrations are applied')
  }
}

async function apply(client: PoolClient, component: string, file: MigrationFile): Promise<void> {
  try {
    await client.query(file.sql)
  } catch (error) {
    throw classifyPgError(error, `migration ${component} ${file.version} (${file.name})`)
  }
  await client.query('insert into qicore_migrations (component, version, name, checksum) values ($1, $2, $3, $4)', [
    component,
    file.version,
    file.name,
    checksum(file),
  ])
}

/** Checksum of the SQL with LF line ends, since a checkout on Windows may have CRLF. */
const checksum = (file: MigrationFile): string => createHash('sha256').update(file.sql.replace(/\r\n/g, '\n')).digest('hex')
