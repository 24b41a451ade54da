import type { Store } from '../lib/src/base/index.ts'

export const TABLE = 'crypto_prices'

export const emptyTable = async (store: Store): Promise<void> => {
  await store.pool.query(`truncate ${TABLE}`)
  await store.pool.query('checkpoint')
}

/** A figure that was not checked is not a figure: every record is there, once. */
export async function checkTable(store: Store, records: number): Promise<void> {
  const { rows } = await store.pool.query<{ count: string }>(`select count(*) from ${TABLE}`)
  if (Number(rows[0]?.count) !== records) throw new Error(`the table holds ${rows[0]?.count} rows, expected ${records}`)
}

/** What the table holds, to the last digit, whatever the order of its rows. */
export async function checksum(store: Store): Promise<string> {
  const { rows } = await store.pool.query<{ rows: string; sum: string }>(
    `select count(*)::text as rows, sum(hashtextextended(t::text, 0)::numeric)::text as sum from ${TABLE} as t`,
  )
  return `${rows[0]?.rows} rows, checksum ${rows[0]?.sum}`
}
