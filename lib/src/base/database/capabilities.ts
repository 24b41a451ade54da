import type { Pool } from './pool.ts'

/** How the large tables are laid out; chosen at the first migration and kept. */
export type Layout = 'hypertables' | 'plain'

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
  /** Whether a merge may look up whole series at once: in chunks each series would be looked for in each chunk. */
  readonly lookupBySeries: boolean
  /** How old data is dropped: whole chunks, or rows in batches. */
  readonly retention: 'chunks' | 'batches'
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
    lookupBySeries: !there,
    retention: there ? 'chunks' : 'batches',
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

/**
 * Creates the extension in a database that is not set up yet, where the server has it loaded: a fresh database on a
 * TimescaleDB server lacks it, and the layout is chosen only once. Where that is not allowed, nothing happens.
 */
export async function enableTimescale(client: Pick<Pool, 'query'>): Promise<void> {
  try {
    const { rowCount } =
      await client.query(`select from pg_available_extensions where name = 'timescaledb' and installed_version is null
      and to_regclass('qicore_migrations') is null and current_setting('shared_preload_libraries') like '%timescaledb%'`)
    if (rowCount) await client.query('create extension if not exists timescaledb')
  } catch {
    // Not allowed to look or to create: the tables are plain then, and the capability table says so.
  }
}
