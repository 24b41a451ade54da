import type { Pool } from './pool.ts'

/** Layout of the large tables; chosen at the first migration and kept until `qicore store convert`. */
export type Layout = 'hypertables' | 'plain'

/** The setting `store.layout`: `auto` makes hypertables if TimescaleDB is available. */
export const LAYOUT_SETTINGS = ['auto', 'hypertables', 'plain'] as const
export type LayoutSetting = (typeof LAYOUT_SETTINGS)[number]

/** The layout of a database, and the reason for it. */
export interface LayoutChoice {
  readonly layout: Layout
  /** A clause that follows "because". */
  readonly reason: string
}

/** Features of the connected database. No other file asks for a version or an extension. */
export interface Capabilities {
  /** The server's version as a number: 180004 is 18.4. */
  readonly serverVersion: number
  /** Version of the timescaledb extension in this database; undefined if it is not created there. */
  readonly timescale: string | undefined
  readonly hypertables: boolean
  readonly compression: boolean
  readonly continuousAggregates: boolean
  /** True if refreshing a continuous aggregate defaults to transactions of ten buckets (2.28 and later). */
  readonly batchedRefresh: boolean
  /** True if a refresh does not see rows written by COPY, and must be forced (2.23 and later, which track changes without a trigger). */
  readonly forcedRefresh: boolean
}

/** Features of a server of this version, with or without the extension. */
export function capabilitiesOf(serverVersion: number, timescale: string | undefined, licence = 'timescale'): Capabilities {
  const there = timescale !== undefined
  // The Apache build of the extension has hypertables, but neither compression nor continuous aggregates nor policies.
  const community = there && licence === 'timescale'
  return {
    serverVersion,
    timescale,
    hypertables: there,
    compression: community,
    continuousAggregates: community,
    batchedRefresh: community && isAtLeast(timescale, [2, 28]),
    forcedRefresh: community && isAtLeast(timescale, [2, 23]),
  }
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number.parseFloat)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/** Reads versions and licence from the database. */
export async function detectCapabilities(pool: Pick<Pool, 'query'>): Promise<Capabilities> {
  const { rows } = await pool.query(`select current_setting('server_version_num')::int as version,
    (select extversion from pg_extension where extname = 'timescaledb') as timescale,
    current_setting('timescaledb.license', true) as licence`)
  const { version, timescale, licence } = rows[0] as { version: number; timescale: string | null; licence: string | null }
  return capabilitiesOf(version, timescale ?? undefined, licence ?? 'timescale')
}
