import type { Store } from '../../../base/database/index.ts'
import { formatTime, type Micros, type RecordType, type RecordValues, recordTypes } from '../../../base/types/index.ts'

/** The tables of instruments, one a kind. */
const INSTRUMENTS = ['currencies', 'exchanges', 'trading_pairs', 'securities']
const ARRAYS: Readonly<Record<string, string>> = { text: 'text[]', time: 'timestamptz[]', integer: 'bigint[]' }

/** Indexes of the records whose primary key the store holds. */
export async function heldAlready(
  { pool }: Store,
  type: RecordType,
  records: readonly RecordValues[],
): Promise<ReadonlySet<number>> {
  const key = type.fields.filter(({ name }) => type.key.includes(name))
  const columns = key.map(({ name }) => name).join(', ')
  const given = key.map(({ kind }, i) => `$${i + 1}::${ARRAYS[kind]}`).join(', ')
  const tables = type.name === recordTypes.instrument.name ? INSTRUMENTS : [type.table]
  const found = tables.map((table) => `select k.place from k join ${table} using (${columns})`).join(' union ')
  const { rows } = await pool.query<{ place: string }>(
    `with k as (select * from unnest(${given}) with ordinality as k(${columns}, place)) ${found}`,
    key.map(({ property, kind }) =>
      records.map((record) => (kind === 'time' ? formatTime(record[property] as Micros) : record[property])),
    ),
  )
  return new Set(rows.map(({ place }) => Number(place) - 1))
}

/** True for the first record of a primary key: the store holds none, and none came before it in `records`. */
export function isFirst(
  held: ReadonlySet<number>,
  type: RecordType,
  records: readonly RecordValues[],
): (index: number) => boolean {
  const properties = type.fields.filter(({ name }) => type.key.includes(name)).map(({ property }) => property)
  const seen = new Set<string>()
  return (index) => {
    const key = JSON.stringify(properties.map((property) => records[index]?.[property]))
    const first = !held.has(index) && !seen.has(key)
    seen.add(key)
    return first
  }
}
