import { type Migrations, migrate, type PendingMigrations, pendingOf } from '../bookkeeping/migrate.ts'
import { storedLayout } from '../bookkeeping/storedLayout.ts'
import type { LayoutChoice } from '../connections/capabilities.ts'
import type { Pool } from '../connections/pool.ts'
import { coverageMigrations } from '../coverage/migrations.ts'
import { networkingMigrations } from '../rateLimits/migrations.ts'
import { migrateRollups, rollupMigrations } from '../rollups/migrations.ts'
import { migrateSeries, seriesMigrations } from '../series/migrations.ts'
import { tables } from './001_tables.ts'
import { readable } from './002_readable.ts'
import { sequenceIndex } from './003_sequence.ts'
import { calendar } from './004_calendar.ts'
import { securities } from './005_securities.ts'

export const storeMigrations = [
  { version: 1, name: 'tables', sql: tables },
  { version: 2, name: 'readable', sql: readable },
  { version: 3, name: 'sequence', sql: sequenceIndex },
  { version: 4, name: 'calendar', sql: calendar },
  { version: 5, name: 'securities', sql: securities },
] as const

/** The components of a store; opening it migrates all. */
const COMPONENTS: readonly Migrations[] = [
  { component: 'store', files: storeMigrations },
  { component: 'rollups', files: rollupMigrations },
  { component: 'series', files: seriesMigrations },
  { component: 'coverage', files: coverageMigrations },
]

/** The components of a store, and rate limits, whose tables are created on first use. */
export const storeComponents: readonly Migrations[] = [...COMPONENTS, { component: 'networking', files: networkingMigrations }]

/**
 * Finds the pending migrations of the store's components, and of `others`. Only reads.
 * @throws QiError CONFLICT if the database is newer than this program, or an applied file has changed
 */
export const pendingMigrations = (
  pool: Pick<Pool, 'query'>,
  others: readonly Migrations[] = [],
): Promise<readonly PendingMigrations[]> => pendingOf(pool, [...COMPONENTS, ...others])

/**
 * Migrates the store's tables. The first run uses the chosen layout; later runs keep the stored one.
 * @returns true if this call set the database up
 */
export async function migrateStore(pool: Pool, { layout, reason }: LayoutChoice): Promise<boolean> {
  const applied = await migrate(pool, {
    component: 'store',
    files: storeMigrations,
    after: async (client, files) => {
      if (!files.some((file) => file.version === 1)) return
      await client.query("insert into qicore_settings (name, value) values ('layout', $1), ('layout.reason', $2)", [
        layout,
        reason,
      ])
    },
  })
  const stored = await storedLayout(pool)
  await migrateRollups(pool, stored)
  await migrateSeries(pool, stored)
  return applied.some((file) => file.version === 1)
}
