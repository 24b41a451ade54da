import type { Capabilities, Layout } from '../capabilities.ts'
import { coverageMigrations } from '../coverage/migrations.ts'
import { type Migrations, migrate, type PendingMigrations, pendingOf } from '../migrate.ts'
import type { Pool } from '../pool.ts'
import { migrateRollups, rollupMigrations } from '../rollups/migrations.ts'
import { makeHypertables } from '../timescale/hypertables.ts'
import { tables } from './001_tables.ts'
import { readable } from './002_readable.ts'
import { sequenceIndex } from './003_sequence.ts'
import { calendar } from './004_calendar.ts'

export const storeMigrations = [
  { version: 1, name: 'tables', sql: tables },
  { version: 2, name: 'readable', sql: readable },
  { version: 3, name: 'sequence', sql: sequenceIndex },
  { version: 4, name: 'calendar', sql: calendar },
] as const

/** The components that a store consists of; all are migrated when it is opened. */
const COMPONENTS: readonly Migrations[] = [
  { component: 'store', files: storeMigrations },
  { component: 'rollups', files: rollupMigrations },
  { component: 'coverage', files: coverageMigrations },
]

/**
 * How far the database is with each component of the store. Only reads.
 * @throws QiError CONFLICT when the database is newer than this program, or an applied file has changed
 */
export const pendingMigrations = (pool: Pick<Pool, 'query'>): Promise<readonly PendingMigrations[]> => pendingOf(pool, COMPONENTS)

/** Brings the store's own tables up to date. The first run chooses the layout, which then stays. */
export async function migrateStore(pool: Pool, capabilities: Capabilities): Promise<void> {
  await migrate(pool, {
    component: 'store',
    files: storeMigrations,
    after: async (client, applied) => {
      if (!applied.some((file) => file.version === 1)) return
      const layout: Layout = capabilities.hypertables ? 'hypertables' : 'plain'
      if (layout === 'hypertables') await makeHypertables(client)
      await client.query("insert into qicore_settings (name, value) values ('layout', $1)", [layout])
    },
  })
  await migrateRollups(pool, capabilities, await storedLayout(pool))
}

/** The layout that was chosen when the database was set up; undefined before. */
export async function storedLayout(pool: Pick<Pool, 'query'>): Promise<Layout | undefined> {
  const { rows } = await pool.query("select value from qicore_settings where name = 'layout'")
  return (rows[0] as { value: Layout } | undefined)?.value
}

/** In words, how the layout and what the database can do have come apart since it was set up; undefined when they agree. */
export async function layoutMismatch(pool: Pick<Pool, 'query'>, capabilities: Capabilities): Promise<string | undefined> {
  const layout = await storedLayout(pool)
  if (layout === 'plain' && capabilities.hypertables)
    return 'the tables are plain, although the timescaledb extension is there now: export, set up an empty database, and import to use hypertables'
  if (layout === 'hypertables' && !capabilities.hypertables)
    return 'the tables are hypertables, but the timescaledb extension is missing: install the extension again'
  return undefined
}
