import type { Layout } from '../capabilities.ts'
import { type MigrationFile, migrate } from '../migrate.ts'
import type { Pool } from '../pool.ts'
import { createAggregates } from '../rollups/aggregates.ts'
import { LEVELS } from '../rollups/levels.ts'
import { markHistory, watchWrites } from '../rollups/marks.ts'
import { refreshLater } from '../rollups/refreshLater.ts'
import { createView } from '../rollups/views.ts'
import { type Carried, carryOver, readCarried } from '../timescale/carried.ts'
import { makeHypertable, makeHypertables } from '../timescale/hypertables.ts'
import { tables } from './001_tables.ts'
import { rollups } from './002_rollups.ts'
import { revised } from './003_revised.ts'
import { dropAllAggregates, putCandlesBack, setCandlesAside } from './candlesLeft.ts'
import { define } from './definitions.ts'

export const seriesMigrations = [
  { version: 1, name: 'tables', sql: tables },
  { version: 2, name: 'rollups', sql: rollups },
  { version: 3, name: 'revised', sql: revised },
] as const

/**
 * Keys the tables of records, and the bars that are rolled up, by the number of their series, and brings the registry, triggers and views
 * up to date. Hypertables stay what they are, with their policies. Call it once the store's own tables and those of the rollups are there.
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
      await setCandlesAside(client)
      await dropAllAggregates(client)
    },
    after: async (client, applied) => {
      const isNew = (version: number) => applied.some((file) => file.version === version)
      if (chunked && isNew(1)) await makeHypertables(client)
      if (chunked && isNew(2)) await makeHypertable(client, 'rollups', { filled: true })
      if (isNew(2)) for (const level of LEVELS) await client.query(createView(level))
      await carryOver(client, carried)
      await define(client, layout ?? 'plain')
      if (!replaces(applied) || keeper === undefined) return
      // The triggers and the aggregates went with the tables.
      await watchWrites(client)
      if (keeper === 'aggregates') {
        await createAggregates(client)
        await putCandlesBack(client)
        await refreshLater(client)
      }
      await markHistory(client)
    },
  })
}

/** True if tables that others are made of are replaced. */
const replaces = (files: readonly MigrationFile[]): boolean => files.some(({ version }) => version <= 2)
