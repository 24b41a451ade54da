import type { Store } from '../lib/src/base/index.ts'

export const emptyTable = async (store: Store): Promise<void> => {
  await store.pool.query('truncate crypto_prices')
  await store.pool.query('checkpoint')
}

/** A figure that was not checked is not a figure: every record is there, once. */
export async function checkTable(store: Store, records: number): Promise<void> {
  const { rows } = await store.pool.query<{ count: string }>('select count(*) from crypto_prices')
  if (Number(rows[0]?.count) !== records) throw new Error(`the table holds ${rows[0]?.count} rows, expected ${records}`)
}
