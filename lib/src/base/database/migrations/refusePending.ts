import { QiError } from '../../types/index.ts'
import type { Capabilities } from '../capabilities.ts'
import type { Migrations, PendingMigrations } from '../migrate.ts'
import type { Pool } from '../pool.ts'
import type { FoundLayout } from '../timescale/layout.ts'
import { pendingMigrations } from './index.ts'

/** Changes that the next start would make to the database. */
export interface Unmigrated {
  readonly capabilities: Capabilities
  /** The layout that the tables have, or would get. */
  readonly layout: FoundLayout
  readonly pending: readonly PendingMigrations[]
  /** True if the role may create tables there. */
  readonly mayCreate: boolean
}

/** A store that was opened without migrating it is not set up, or older than this program. */
export class StoreNotMigrated extends QiError {
  readonly found: Unmigrated

  constructor(found: Unmigrated) {
    const what = found.layout.fresh ? 'the store is not set up yet' : 'the store is older than this program'
    super('CONFLICT', `${what}: start the platform on it once, which migrates it (qicore up)`)
    this.found = found
  }
}

/**
 * @param others components that are told too where something is missing
 * @throws StoreNotMigrated where a migration that opening a store applies is missing
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
