import type { Layout } from '../capabilities.ts'
import { migrate } from '../migrate.ts'
import type { Pool } from '../pool.ts'
import { createAggregates, dropAggregates } from '../rollups/aggregates.ts'
import { LEVELS } from '../rollups/levels.ts'
import { markHistory, watchWrites } from '../rollups/marks.ts'
import { refreshLater } from '../rollups/refreshLater.ts'
import { createView } from '../rollups/views.ts'
import { makeHypertable, makeHypertables } from '../timescale/hypertables.ts'
import { tables } from './001_tables.ts'
import { rollups } from './002_rollups.ts'
import { define } from './definitions.ts'

export const seriesMigrations = [
  { version: 1, name: 'tables', sql: tables },
  { version: 2, name: 'rollups', sql: rollups },
] as const

/**
 * Keys the tables of records, and the bars that are rolled up, by the number of their series, and brings the registry, triggers and views
 * up to date. Call it once the store's own tables and those of the rollups are there.
 */
export async function migrateSeries(pool: Pool, layout: Layout | undefined): Promise<void> {
  await migrate(pool, {
    component: 'series',
    files: seriesMigrations,
    after: async (client, applied) => {
      const isNew = (version: number) => applied.some((file) => file.version === version)
      if (layout === 'hypertables' && isNew(1)) await makeHypertables(client)
      if (layout === 'hypertables' && isNew(2)) await makeHypertable(client, 'rollups', { filled: true })
      if (isNew(2)) for (const level of LEVELS) await client.query(createView(level))
      await define(client, layout ?? 'plain')
      if (applied.length === 0) return
      const { rows } = await client.query<{ value: string }>("select value from qicore_settings where name = 'rollups'")
      if (!rows[0]) return
      // The triggers and the aggregates went with the tables.
      await watchWrites(client)
      if (rows[0].value === 'aggregates') {
        await dropAggregates(client)
        await createAggregates(client)
        await refreshLater(client)
      }
      await markHistory(client)
    },
  })
}
