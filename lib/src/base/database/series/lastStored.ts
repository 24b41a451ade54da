import type { HistoryType, StoredNumber } from '../../types/index.ts'
import { classifyPgError } from '../connections/errors.ts'
import type { Pool } from '../connections/pool.ts'

const LAST =
  'select coin_id, sequence, floor(extract(epoch from last) * 1000000)::bigint as time from series where source = $1 and type = $2 and sequence is not null'

/**
 * The last stored record of each series of a source that has a number, by `coin_id`.
 * @throws QiError UNAVAILABLE
 */
export async function lastStored(pool: Pool, source: string, type: HistoryType): Promise<ReadonlyMap<string, StoredNumber>> {
  try {
    const { rows } = await pool.query<{ coin_id: string; sequence: string; time: string }>(LAST, [source, type])
    return new Map(rows.map(({ coin_id: coin, sequence, time }) => [coin, { sequence: Number(sequence), time: Number(time) }]))
  } catch (error) {
    throw classifyPgError(error, 'read the last stored numbers')
  }
}
