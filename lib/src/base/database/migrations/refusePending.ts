import { QiError } from '../../types/index.ts'
import type { Migrations, PendingMigrations } from '../bookkeeping/migrate.ts'
import type { Capabilities } from '../connections/capabilities.ts'
import type { Pool } from '../connections/pool.ts'
import type { FoundLayout } from '../timescale/layout.ts'
import { pendingMigrations } from './index.ts'

/** Pending migrations of a database, and the layout that the next start would give it. */
export interface Unmigrated {
  readonly capabilities: Capabilities
  /** The layout of the tables, or the one they would get. */
  readonly layout: FoundLayout
  readonly pending: readonly PendingMigrations[]
  /** True if the role may create tables there. */
  readonly mayCreate: boolean
}

/** The store is not set up, or older than this program, and was opened with `migrations: 'refuse'`. */
export class StoreNotMigrated extends QiError {
  readonly found: Unmigrated

  constructor(found: Unmigrated) {
    const what = found.layout.fresh ? 'the store is not set up yet' : 'the store is older than this program'
    super('CONFLICT', `${what}: start the platform on it once, which migrates it (qicore up)`)
    this.found = found
  }
}

/**
 * Throws if a migration of the store is pending.
 * @param others components whose pending migrations the error lists too
 * @throws StoreNotMigrated
 */
export async function refusePending(
  pool: Pool,
  { capabilities, layout }: Pick<Unmigrated, 'capabilities' | 'layout'>,
  others: readonly Migrations[] = [],
): Promise<void> {
  const isMissing = (each: PendingMigrations) => each.pending.length > 0
  if (!(await pendingMigrations(pool)).some(isMissing)) return
  const pending = (await pendingMigrations(pool, others)).filter(isMissing)
  const { rows } = await pool.query<{ may: boolean | null }>("select has_schema_privilege(current_schema(), 'create') as may")
  throw new StoreNotMigrated({ capabilities, layout, pending, mayCreate: rows[0]?.may === true })
}
