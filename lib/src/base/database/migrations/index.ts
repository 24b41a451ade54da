import { networkingMigrations } from '../../networking/shared/migrations.ts'
import type { Capabilities, Layout, LayoutChoice } from '../capabilities.ts'
import { coverageMigrations } from '../coverage/migrations.ts'
import { type Migrations, migrate, type PendingMigrations, pendingOf } from '../migrate.ts'
import type { Pool } from '../pool.ts'
import { migrateRollups, rollupMigrations } from '../rollups/migrations.ts'
import { migrateSeries, seriesMigrations } from '../series/migrations.ts'
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
  { component: 'series', files: seriesMigrations },
  { component: 'coverage', files: coverageMigrations },
]

/** Those and what the store is used for otherwise: rate limits, whose tables are made when the first is kept. */
export const storeComponents: readonly Migrations[] = [...COMPONENTS, { component: 'networking', files: networkingMigrations }]

/**
 * How far the database is with each component that opening the store migrates, and with others. Only reads.
 * @throws QiError CONFLICT when the database is newer than this program, or an applied file has changed
 */
export const pendingMigrations = (
  pool: Pick<Pool, 'query'>,
  others: readonly Migrations[] = [],
): Promise<readonly PendingMigrations[]> => pendingOf(pool, [...COMPONENTS, ...others])

/**
 * Brings the store's own tables up to date. The first run lays them out as chosen; later ones keep what is stored.
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

/** The layout of the database; undefined before it is set up. */
export async function storedLayout(pool: Pick<Pool, 'query'>): Promise<Layout | undefined> {
  const { rows } = await pool.query("select value from qicore_settings where name = 'layout'")
  return (rows[0] as { value: Layout } | undefined)?.value
}

/** The layout with its reason; undefined before the database is set up. */
export async function storedChoice(pool: Pick<Pool, 'query'>): Promise<LayoutChoice | undefined> {
  const { rows: there } = await pool.query<{ there: boolean }>("select to_regclass('qicore_settings') is not null as there")
  if (!there[0]?.there) return undefined
  const { rows } = await pool.query<LayoutChoice>(
    `select value as layout, coalesce((select value from qicore_settings where name = 'layout.reason'), 'it was set up so') as reason
     from qicore_settings where name = 'layout'`,
  )
  return rows[0]
}

/** In words, how the layout and what the database can do have come apart since it was set up; undefined when they agree. */
export async function layoutMismatch(pool: Pick<Pool, 'query'>, capabilities: Capabilities): Promise<string | undefined> {
  const layout = await storedLayout(pool)
  if (layout === 'plain' && capabilities.hypertables)
    return 'the tables are plain, although the timescaledb extension is there now: qicore store convert makes hypertables of them'
  if (layout === 'hypertables' && !capabilities.hypertables)
    return 'the tables are hypertables, but the timescaledb extension is missing: install the extension again'
  return undefined
}
