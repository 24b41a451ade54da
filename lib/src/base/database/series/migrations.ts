import type { Layout } from '../capabilities.ts'
import { migrate } from '../migrate.ts'
import type { Pool } from '../pool.ts'
import { createAggregates, dropAggregates } from '../rollups/aggregates.ts'
import { markHistory, watchWrites } from '../rollups/marks.ts'
import { makeHypertables } from '../timescale/hypertables.ts'
import { tables } from './001_tables.ts'
import { define } from './definitions.ts'

export const seriesMigrations = [{ version: 1, name: 'tables', sql: tables }] as const

/**
 * Keys the tables of records by the number of their series, and brings the registry, triggers and views up to date. Call it once the
 * store's own tables and those of the rollups are there.
 */
export async function migrateSeries(pool: Pool, layout: Layout | undefined): Promise<void> {
  await migrate(pool, {
    component: 'series',
    files: seriesMigrations,
    after: async (client, applied) => {
      if (applied.length > 0 && layout === 'hypertables') await makeHypertables(client)
      await define(client, layout ?? 'plain')
      if (applied.length === 0) return
      const { rows } = await client.query<{ value: string }>("select value from qicore_settings where name = 'rollups'")
      if (!rows[0]) return
      // The triggers and the aggregates went with the tables.
      await watchWrites(client)
      if (rows[0].value !== 'aggregates') return
      await dropAggregates(client)
      await createAggregates(client)
      await markHistory(client)
    },
  })
}
