import { migrate } from '../../../lib/src/base/database/bookkeeping/migrate.ts'
import { HYPERTABLES } from '../../../lib/src/base/database/hypertables/hypertables.ts'
import type { createPool } from '../../../lib/src/base/database/index.ts'
import { storeMigrations } from '../../../lib/src/base/database/migrations/index.ts'
import { rollupMigrations } from '../../../lib/src/base/database/rollups/migrations.ts'
import { AGGREGATES, REFRESHES } from './aggregates.ts'

type Pool = ReturnType<typeof createPool>

/** The tables of records, and those of instruments. */
export const RECORDS = ['crypto_prices', 'ohlcv_data', 'trades', 'quotes', 'indicators', 'market_analytics', 'trending'] as const
const INSTRUMENTS = ['currencies', 'exchanges', 'trading_pairs'] as const
const ROLLED = { trades: 'trades', prices: 'crypto_prices', candles: 'ohlcv_data' } as const
const SEGMENTS = { crypto_prices: 'coin_id, source, currency', trades: 'coin_id, source' } as const

/** Copies rows into a table by column name; further columns of the rows are ignored. */
async function copy(from: Pool, to: Pool, rows: string, table: string): Promise<void> {
  const { rows: columns } = await to.query<{ column_name: string }>(
    "select column_name from information_schema.columns where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'",
    [table],
  )
  const list = columns.map(({ column_name }) => column_name).join(', ')
  const { rows: given } = await from.query<{ json: string | null }>(`select json_agg(r)::text as json from (${rows}) as r`)
  if (given[0]?.json)
    await to.query(`insert into ${table} (${list}) select ${list} from json_populate_recordset(null::${table}, $1)`, [
      given[0].json,
    ])
}

/**
 * Builds a store with hypertables from before series had numbers, with the records and rollups of a current one; continuous aggregates keep
 * its rollups.
 */
export async function storeOfBefore(pool: Pool, from: Pool): Promise<void> {
  await migrate(pool, { component: 'store', files: storeMigrations })
  await migrate(pool, { component: 'rollups', files: rollupMigrations })
  await pool.query('create extension if not exists timescaledb')
  await pool.query(`insert into qicore_settings (name, value) values
    ('layout', 'hypertables'), ('layout.reason', 'the extension timescaledb is there'), ('rollups', 'aggregates')`)
  const then: readonly string[] = [...RECORDS, 'rollups']
  for (const [table, interval] of Object.entries(HYPERTABLES).filter(([name]) => then.includes(name)))
    await pool.query(
      `select create_hypertable('${table}', 'time', chunk_time_interval => interval '${interval}', create_default_indexes => false)`,
    )
  for (const table of [...RECORDS, ...INSTRUMENTS]) await copy(from, pool, `select * from ${table}`, table)
  await copy(from, pool, "select *, '1m' as timeframe from rollup_1m", 'rollups')
  for (const statement of [...AGGREGATES, ...REFRESHES]) await pool.query(statement)
  for (const [rolled, table] of Object.entries(ROLLED))
    for (const event of ['insert', 'update'])
      await pool.query(`create trigger rollup_${event} after ${event} on ${table} referencing new table as written for each statement
        execute function ${rolled === 'candles' ? 'rollup_mark_candles()' : `rollup_mark('${rolled}')`}`)
}

/** Drops the records that retention dropped in the other store, and compresses chunks by policies of 7 days. */
export async function ageStoreOfBefore(pool: Pool, from: Pool): Promise<void> {
  await copy(
    from,
    pool,
    "select * from qicore_settings where name like 'kept_since.%' or name like 'retention.%'",
    'qicore_settings',
  )
  for (const [rolled, table] of Object.entries(ROLLED))
    await pool.query(
      `select drop_chunks('${table}', older_than => value::timestamptz) from qicore_settings where name = 'kept_since.${rolled}'`,
    )
  for (const [table, segments] of Object.entries(SEGMENTS)) {
    await pool.query(
      `alter table ${table} set (timescaledb.compress, timescaledb.compress_segmentby = '${segments}', timescaledb.compress_orderby = 'time desc')`,
    )
    await pool.query(`select compress_chunk(c) from show_chunks('${table}', older_than => now() - interval '5 days') as c`)
    await pool.query(`select add_compression_policy('${table}', interval '7 days', schedule_interval => interval '3 hours')`)
  }
  await pool.query("select add_retention_policy('quotes', interval '400 days')")
}
