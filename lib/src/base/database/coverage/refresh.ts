import type { CoverageFilter } from '../../types/index.ts'
import { storedLayout } from '../bookkeeping/storedLayout.ts'
import { inTransaction, type PoolClient } from '../connections/pool.ts'
import { DISCOVER } from './discover.ts'
import { readHull } from './hull.ts'
import { savingQueries } from './spanQueries.ts'
import { FILTERED, filterValues, LOCK_SERIES } from './sql.ts'
import type { CoveredType } from './types.ts'
import { KEEP_USUAL, MEASURES, UNMEASURED } from './usualInterval.ts'

/** SQL: `contiguous` is true if the source numbers records of the type without gaps; else numbers prove nothing. */
const WANTED = `select s.id, s.type, coalesce(s.type = any (w.contiguous), false) as contiguous
  from series as s join coverage_series as k on k.id = s.id left join coverage_sources as w on w.source = s.source where`

/** SQL: true if the series was written, or its spans changed, since the last refresh. */
const CHANGED = '(k.seen is null or s.written >= k.seen)'

/** SQL: the first transaction that may not have been visible when the records were read. */
const HORIZON = 'select pg_snapshot_xmin(pg_current_snapshot())::text as horizon'
const SEEN = 'update coverage_series set seen = $2::xid8 where id = any ($1::bigint[])'

/** Series refreshed in one transaction: few, so that their locks are short. */
const AT_ONCE = 500

export interface Wanted {
  readonly id: string
  readonly type: string
  readonly contiguous: boolean
}

/**
 * Brings the held spans up to date with the tables: for series that were written since, reading only what is not known yet. Safe from
 * several processes, since spans are merged.
 * @param ids restricts the series that the filter selects to these
 */
export async function refresh(client: PoolClient, filter: CoverageFilter, ids?: readonly string[]): Promise<void> {
  const values = filterValues(filter, ids)
  await client.query(DISCOVER, values)
  const unmeasured = await client.query<{ type: string }>(UNMEASURED, values)
  for (const { type } of unmeasured.rows) {
    const { rows } = await client.query<{ id: string; usual: string }>(MEASURES.get(type) as string, values)
    if (rows.length > 0) await client.query(KEEP_USUAL, [rows.map(({ id }) => id), rows.map(({ usual }) => usual)])
  }
  const { rows } = await client.query<Wanted>(`${WANTED} ${CHANGED} and ${FILTERED} order by s.id`, values)
  for (let at = 0; at < rows.length; at += AT_ONCE) await hold(client, rows.slice(at, at + AT_ONCE))
}

/** The known series that a filter selects. */
export async function wantedSeries(
  client: PoolClient,
  filter: CoverageFilter,
  ids: readonly string[],
): Promise<readonly Wanted[]> {
  return (await client.query<Wanted>(`${WANTED} ${FILTERED}`, filterValues(filter, ids))).rows
}

/** The ids of the series of a type whose records prove what is held, rather than heartbeats. */
export const ofProof = (wanted: readonly Wanted[], type: CoveredType): string[] =>
  wanted.filter((row) => row.type === type.name && (type.proof !== 'sequence' || row.contiguous)).map(({ id }) => id)

/** {@link refresh} for one series that is known already. */
export async function refreshOne(client: PoolClient, id: string): Promise<void> {
  const { rows } = await client.query<Wanted>(`${WANTED} s.id = $1`, [id])
  await hold(client, rows)
}

async function hold(client: PoolClient, rows: readonly Wanted[]): Promise<void> {
  if (rows.length === 0) return
  const chunked = (await storedLayout(client)) === 'hypertables'
  await inTransaction(client, async () => {
    const ids = rows.map(({ id }) => id)
    await client.query(LOCK_SERIES, [ids])
    const horizon = (await client.query<{ horizon: string }>(HORIZON)).rows[0]?.horizon
    for (const { type, hull, text } of savingQueries(chunked)) {
      const proved = ofProof(rows, type)
      const unknown = proved.length > 0 ? await readHull(client, hull, proved) : undefined
      if (unknown) await client.query(text(unknown), [proved])
    }
    await client.query(SEEN, [ids, horizon])
  })
}
