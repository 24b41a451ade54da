import { createHash } from 'node:crypto'
import { QiError } from '../types/index.ts'
import { classifyPgError, sqlState } from './errors.ts'
import { ensureLockBase } from './lockKeys.ts'
import { isReadOnly, type Pool, type PoolClient, withClient } from './pool.ts'

/** One step of a component's schema. A released file never changes: a change is a new file. */
export interface MigrationFile {
  /** 1, 2, 3 … without holes. */
  readonly version: number
  readonly name: string
  readonly sql: string
}

/** The files of one component's schema, whatever is applied of them. */
export interface Migrations {
  /** Whose schema it is; components are versioned apart from one another. */
  readonly component: string
  readonly files: readonly MigrationFile[]
}

export interface MigrateOptions extends Migrations {
  /** Runs inside the same lock and transaction before the files, where there are any to apply. */
  readonly before?: (client: PoolClient, pending: readonly MigrationFile[]) => Promise<void>
  /** Runs inside the same lock and transaction after the files, for what SQL alone cannot decide. */
  readonly after?: (client: PoolClient, applied: readonly MigrationFile[]) => Promise<void>
}

/** The tables that say what is applied, and what a store keeps of settings. */
export const BOOKKEEPING = `create table if not exists qicore_migrations (
  component text not null, version integer not null, name text not null, checksum text not null,
  applied_at timestamptz not null default now(), primary key (component, version));
  create table if not exists qicore_settings (name text primary key, value text not null)`

/** Another process made a table or a type of that name in the same moment. */
const MADE_MEANWHILE: ReadonlySet<string | undefined> = new Set(['23505', '42P07', '42710'])

/**
 * Applies what is missing, in order, in one transaction under a lock on the bookkeeping, which all components share: two processes
 * may call it at once. On a pool that only reads nothing is applied, and nothing may be missing.
 * @returns the files applied by this call
 * @throws QiError CONFLICT when an applied file has changed or the database is newer than this program; NotMade
 */
export async function migrate(pool: Pool, options: MigrateOptions): Promise<readonly MigrationFile[]> {
  checkFiles(options)
  if (isReadOnly(pool)) return requireMade(pool, options)
  return withClient(pool, async (client) => {
    await ensureBookkeeping(client)
    // Another process may be migrating for as long as that takes, and an index over all rows takes its time.
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

/** A component of the store has no tables yet, or some of an older version, and they are only read here. */
export class NotMade extends QiError {
  /** True if nothing of the component was ever kept in this database. */
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

/** Nobody but the owner of these tables can lock or read them. */
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

/** How far a database is with the files of one component. */
export interface PendingMigrations {
  readonly component: string
  /** Number of files applied; 0 in a database that was never migrated. */
  readonly applied: number
  /** The files that {@link migrate} would apply, in order. */
  readonly pending: readonly MigrationFile[]
}

/**
 * Compares the components with the bookkeeping of a database. Only reads, so a standby or a role with `select` alone may be asked.
 * Without the bookkeeping table every file is pending.
 * @throws QiError CONFLICT as {@link migrate} does; FORBIDDEN where the role may not read the bookkeeping
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

/** Of the text without its line ends, which a checkout on Windows changes. */
const checksum = (file: MigrationFile): string => createHash('sha256').update(file.sql.replace(/\r\n/g, '\n')).digest('hex')
