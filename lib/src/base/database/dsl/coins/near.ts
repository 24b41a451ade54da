import { distance } from 'fastest-levenshtein'
import type { RowReader } from '../../reading/RowReader.ts'
import { isStoredSeries } from './stored.ts'

const MOST = 3

const STORED_IDS = `select distinct coin_id as id from series as s where ${isStoredSeries('s')}`

/** Stored coin ids within a small edit distance of `typed`, the nearest first. */
export async function nearIds(reader: RowReader, typed: string): Promise<readonly string[]> {
  const wanted = typed.toLowerCase()
  const maxDistance = Math.max(1, Math.floor(wanted.length / 3))
  const stored = await reader.rows({ text: STORED_IDS, values: [] })
  return stored
    .map(({ id }) => ({ id: String(id), far: distance(wanted, String(id).toLowerCase()) }))
    .filter(({ far }) => far <= maxDistance)
    .toSorted((a, b) => a.far - b.far || (a.id < b.id ? -1 : 1))
    .slice(0, MOST)
    .map(({ id }) => id)
}
