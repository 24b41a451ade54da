import type { Capabilities, Layout, LayoutChoice } from '../connections/capabilities.ts'
import type { Pool } from '../connections/pool.ts'

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

/** Describes a mismatch between the stored layout and the database's features; undefined if they agree. */
export async function layoutMismatch(pool: Pick<Pool, 'query'>, capabilities: Capabilities): Promise<string | undefined> {
  const layout = await storedLayout(pool)
  if (layout === 'plain' && capabilities.hypertables)
    return 'the tables are plain, although the timescaledb extension is there now: qicore store convert makes hypertables of them'
  if (layout === 'hypertables' && !capabilities.hypertables)
    return 'the tables are hypertables, but the timescaledb extension is missing: install the extension again'
  return undefined
}
