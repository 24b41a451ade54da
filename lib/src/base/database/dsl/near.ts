import { distance } from 'fastest-levenshtein'
import type { Reader } from '../reader.ts'

const MOST = 3

/** The ids of a table, by jumping through its primary key. */
const idsOf = (table: string): string => `(with recursive c (id) as (
  (select coin_id from ${table} order by coin_id limit 1)
  union all
  select (select o.coin_id from ${table} as o where o.coin_id > c.id order by o.coin_id limit 1) from c where c.id is not null)
  select id from c where id is not null)`

const HELD = ['crypto_prices', 'ohlcv_data', 'trades'].map(idsOf).join(' union ')

/** Ids of which something is stored and that a slip of the fingers makes of what was typed, the nearest first. */
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
