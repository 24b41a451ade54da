import { type MigrationFile, migrate } from '../bookkeeping/migrate.ts'
import type { Layout } from '../connections/capabilities.ts'
import type { Pool } from '../connections/pool.ts'
import { type Carried, carryOver, readCarried } from '../hypertables/carried.ts'
import { makeHypertable, makeHypertables } from '../hypertables/hypertables.ts'
import { createAggregates } from '../rollups/aggregates.ts'
import { LEVELS } from '../rollups/levels.ts'
import { markHistory, watchWrites } from '../rollups/marks.ts'
import { refreshLater } from '../rollups/refreshLater.ts'
import { createRollupView } from '../rollups/views.ts'
import { createSeriesTables } from './001_tables.ts'
import { rollups } from './002_rollups.ts'
import { revised } from './003_revised.ts'
import { createAlerts } from './004_alerts.ts'
import { createBooks } from './005_books.ts'
import { createActions } from './006_actions.ts'
import { define } from './definitions.ts'
import { dropAllAggregates, restoreOrphanCandles, saveOrphanCandles } from './orphanCandles.ts'

export const seriesMigrations = [
  { version: 1, name: 'tables', sql: createSeriesTables },
  { version: 2, name: 'rollups', sql: rollups },
  { version: 3, name: 'revised', sql: revised },
  { version: 4, name: 'alerts', sql: createAlerts },
  { version: 5, name: 'books', sql: createBooks },
  { version: 6, name: 'actions', sql: createActions },
] as const

/**
 * Keys the tables of records and the rolled-up bars by series number, and updates registry, triggers and views. Hypertables stay
 * hypertables, with their policies. Call it after the migrations of the store and of the rollups.
 */
export async function migrateSeries(pool: Pool, layout: Layout | undefined): Promise<void> {
  const chunked = layout === 'hypertables'
  let carried: readonly Carried[] = []
  let keeper: string | undefined
  await migrate(pool, {
    component: 'series',
    files: seriesMigrations,
    before: async (client, pending) => {
      if (!replaces(pending)) return
      const { rows } = await client.query<{ value: string }>("select value from qicore_settings where name = 'rollups'")
      keeper = rows[0]?.value
      if (chunked) carried = await readCarried(client)
      if (keeper !== 'aggregates') return
      await saveOrphanCandles(client)
      await dropAllAggregates(client)
    },
    after: async (client, applied) => {
      const isNew = (version: number) => applied.some((file) => file.version === version)
      if (chunked && isNew(1)) await makeHypertables(client)
      else if (chunked) for (const [version, table] of ADDED) if (isNew(version)) await makeHypertable(client, table)
      if (chunked && isNew(2)) await makeHypertable(client, 'rollups', { filled: true })
      if (isNew(2)) for (const level of LEVELS) await client.query(createRollupView(level))
      await carryOver(client, carried)
      await define(client, layout ?? 'plain')
      if (!replaces(applied) || keeper === undefined) return
      // Triggers and aggregates were dropped with the tables.
      await watchWrites(client)
      if (keeper === 'aggregates') {
        await createAggregates(client)
        await restoreOrphanCandles(client)
        await refreshLater(client)
      }
      await markHistory(client)
    },
  })
}

/** Tables of records that came after the first migration, with the migration of each. */
const ADDED = [
  [4, 'alerts'],
  [5, 'books'],
  [6, 'corporate_actions'],
  [6, 'observations'],
] as const

/** True if a migration replaces the tables that aggregates are built on. */
const replaces = (files: readonly MigrationFile[]): boolean => files.some(({ version }) => version <= 2)
