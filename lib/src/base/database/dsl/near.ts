import { distance } from 'fastest-levenshtein'
import type { Reader } from '../reader.ts'

const MOST = 3

const HELD = `select distinct coin_id as id from series where type in ('price', 'ohlcv', 'trade') and first is not null`

/** Stored coin ids within a small edit distance of `typed`, the nearest first. */
export async function nearIds(reader: Reader, typed: string): Promise<readonly string[]> {
  const wanted = typed.toLowerCase()
  const slips = Math.max(1, Math.floor(wanted.length / 3))
  const held = await reader.rows({ text: HELD, values: [] })
  return held
    .map(({ id }) => ({ id: String(id), far: distance(wanted, String(id).toLowerCase()) }))
    .filter(({ far }) => far <= slips)
    .toSorted((a, b) => a.far - b.far || (a.id < b.id ? -1 : 1))
    .slice(0, MOST)
    .map(({ id }) => id)
}
