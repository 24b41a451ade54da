import { storedLayout } from '../migrations/index.ts'
import type { PoolClient } from '../pool.ts'
import { DISCOVER } from './discover.ts'
import { holds, MEASURES } from './hold.ts'
import type { CoverageFilter } from './model.ts'
import { FILTERED, filterValues, LOCK_SERIES } from './sql.ts'
import type { CoveredType } from './types.ts'

/** Numbers prove something only where their source says that they count up. */
const WANTED = `select s.id, s.type, coalesce(s.type = any (w.contiguous), false) as contiguous
  from coverage_series as s left join coverage_sources as w on w.source = s.source where`

export interface Wanted {
  readonly id: string
  readonly type: string
  readonly contiguous: boolean
}

/**
 * Brings what is held up to date with the tables, reading of them only what is not known yet. Safe from several processes: what
 * is found is added to what is there.
 * @returns the ids of the series looked at
 */
export async function refresh(client: PoolClient, filter: CoverageFilter): Promise<readonly string[]> {
  for (const text of DISCOVER) await client.query(text)
  for (const text of MEASURES) await client.query(`${text} and ${FILTERED}`, filterValues(filter))
  const wanted = await wantedSeries(client, filter)
  await hold(client, wanted)
  return wanted.map(({ id }) => id)
}

/** The known series that a filter lets through. */
export async function wantedSeries(client: PoolClient, filter: CoverageFilter): Promise<readonly Wanted[]> {
  return (await client.query<Wanted>(`${WANTED} ${FILTERED}`, filterValues(filter))).rows
}

/** The ids of the series of a type whose records prove what is held. */
export const ofProof = (wanted: readonly Wanted[], type: CoveredType): string[] =>
  wanted.filter((row) => row.type === type.name && (type.proof !== 'sequence' || row.contiguous)).map(({ id }) => id)

/** The same of one series that is known already. */
export async function refreshOne(client: PoolClient, id: string): Promise<void> {
  const { rows } = await client.query<Wanted>(`${WANTED} s.id = $1`, [id])
  await hold(client, rows)
}

async function hold(client: PoolClient, rows: readonly Wanted[]): Promise<void> {
  const chunked = (await storedLayout(client)) === 'hypertables'
  for (const { type, text } of holds(chunked)) {
    const ids = ofProof(rows, type)
    if (ids.length === 0) continue
    await client.query('begin')
    try {
      await client.query(LOCK_SERIES, [ids])
      await client.query(text, [ids])
      await client.query('commit')
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
  }
}
