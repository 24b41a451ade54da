import type { PoolClient } from '../connections/pool.ts'
import { rowsTableOf } from '../tables/tables.ts'
import { enableCompression } from './compression.ts'
import { TIME_TABLES, type TimeTable } from './hypertables.ts'

/** Settings and policies of a hypertable, to be copied to the table that replaces it. */
export interface Carried {
  readonly table: TimeTable
  readonly compressed: boolean
  /** Intervals, as text of the server. */
  readonly compressAfter: string | null
  readonly compressEvery: string | null
  readonly dropAfter: string | null
}

const job = (proc: string, value: string): string => `(select ${value} from timescaledb_information.jobs as j
    where j.proc_name = '${proc}' and j.hypertable_schema = h.hypertable_schema and j.hypertable_name = h.hypertable_name order by j.job_id limit 1)`

const READ = `select h.hypertable_name as table, h.compression_enabled as compressed,
  ${job('policy_compression', "j.config ->> 'compress_after'")} as "compressAfter",
  ${job('policy_compression', 'j.schedule_interval::text')} as "compressEvery",
  ${job('policy_retention', "j.config ->> 'drop_after'")} as "dropAfter"
  from timescaledb_information.hypertables as h where h.hypertable_schema = current_schema() and h.hypertable_name = any ($1::text[])`

/** Reads them from the tables of records, under the names from before series numbers. */
export const readCarried = async (client: PoolClient): Promise<readonly Carried[]> =>
  (await client.query<Carried>(READ, [Object.keys(TIME_TABLES)])).rows

/** Applies them to the new tables. The first run of a compression policy compresses the old chunks again. */
export async function carryOver(client: PoolClient, all: readonly Carried[]): Promise<void> {
  for (const { table, compressed, compressAfter, compressEvery, dropAfter } of all) {
    if (compressed) await enableCompression(client, table, compressAfter ?? undefined, compressEvery ?? undefined)
    if (dropAfter !== null)
      await client.query('select add_retention_policy($1::regclass, drop_after => $2::interval)', [rowsTableOf(table), dropAfter])
  }
}
