import { type Store, withClient } from '../../lib/src/base/database/index.ts'
import type { Price, RecordValues, RowSink } from '../../lib/src/base/types/index.ts'

/** Every delivery of a price is a row of it. */
export const APPENDED = 'chaos_appended'

/** A sink without upsert: it writes durably, all of a batch or nothing, and does not know a record again. */
export async function appendSink(store: Store): Promise<RowSink> {
  const pool = store.createPool({ max: 4, applicationName: 'append' })
  await pool.query(
    `create table if not exists ${APPENDED} (coin_id text not null, price numeric not null, market_cap numeric not null)`,
  )
  return {
    name: 'append',
    guarantee: 'at_least_once',
    accepts: ({ name }) => name === 'price',
    async write(_type, records: readonly RecordValues[], options = {}) {
      const rows = records as readonly unknown[] as readonly Price[]
      const columns = [rows.map((row) => row.coinId), rows.map((row) => row.price), rows.map((row) => row.marketCap)]
      const insert = `insert into ${APPENDED} select * from unnest($1::text[], $2::numeric[], $3::numeric[])`
      await withClient(pool, (client) => client.query(insert, columns), options)
      return { written: records.length, failed: [] }
    },
    check: async () => ({ ok: true, summary: 'appends' }),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
