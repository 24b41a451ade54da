import type { Pool } from './pool.ts'

/** How the large tables are laid out; chosen at the first migration and kept until `qicore store convert`. */
export type Layout = 'hypertables' | 'plain'

/** The setting `store.layout`: `auto` makes hypertables where TimescaleDB can be had. */
export const LAYOUT_SETTINGS = ['auto', 'hypertables', 'plain'] as const
export type LayoutSetting = (typeof LAYOUT_SETTINGS)[number]

/** The layout of a database, and why it is that one. */
export interface LayoutChoice {
  readonly layout: Layout
  /** A clause that goes behind "because". */
  readonly reason: string
}

/** What the database at hand can do. One table decides; no other file asks for a version or an extension. */
export interface Capabilities {
  /** The server's version as a number: 180004 is 18.4. */
  readonly serverVersion: number
  /** Version of the timescaledb extension in this database; undefined where it is not there. */
  readonly timescale: string | undefined
  readonly hypertables: boolean
  readonly compression: boolean
  readonly continuousAggregates: boolean
  /** Whether a refresh of those is cut into transactions of ten buckets unless it is told otherwise. */
  readonly batchedRefresh: boolean
  /** Whether rows that COPY wrote are unknown to a refresh, which then must be forced: so since 2.23, which notes changes without a trigger. */
  readonly forcedRefresh: boolean
}

/** What a server of this version, with or without the extension, can do. */
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

/** Asks the database. */
export async function detectCapabilities(pool: Pick<Pool, 'query'>): Promise<Capabilities> {
  const { rows } = await pool.query(`select current_setting('server_version_num')::int as version,
    (select extversion from pg_extension where extname = 'timescaledb') as timescale,
    current_setting('timescaledb.license', true) as licence`)
  const { version, timescale, licence } = rows[0] as { version: number; timescale: string | null; licence: string | null }
  return capabilitiesOf(version, timescale ?? undefined, licence ?? 'timescale')
}
