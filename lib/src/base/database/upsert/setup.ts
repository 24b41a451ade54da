/**
 * Settings of writing sessions.
 *
 * - Joins and scans: a merge must look keys up in the index. The planner has no statistics of the stage and may have old ones of the
 *   table, and could read the whole table instead; a bitmap scan is only possible with keys.
 * - No jit, no parallel workers: they do not pay for statements of milliseconds.
 * - A backfill may touch any number of compressed rows.
 * - A locked table is given up after five seconds and retried, so that the connection serves other tables meanwhile.
 */
export const WRITER_SETUP = `set lock_timeout = 5000; set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off; set enable_indexscan = off;
  set enable_material = off; set enable_memoize = off; set jit = off; set max_parallel_workers_per_gather = 0;
  set temp_buffers = '64MB'; set timescaledb.max_tuples_decompressed_per_dml_transaction = 0`
