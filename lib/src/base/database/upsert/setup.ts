/**
 * A merge looks keys up in the index. Left alone, the planner may read the whole table instead, since it knows nothing of the rows
 * in the stage, and what it knows of the table may be older than what is in it. A bitmap scan is the one that cannot be had without
 * keys to look up. Nor is it worth while to compile or share out what takes milliseconds. A backfill may touch any number of
 * compressed rows. A table that somebody has locked is given up after five seconds and tried again, so that its connection serves
 * other tables meanwhile.
 */
export const WRITER_SETUP = `set lock_timeout = 5000; set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off; set enable_indexscan = off;
  set enable_material = off; set enable_memoize = off; set jit = off; set max_parallel_workers_per_gather = 0;
  set temp_buffers = '64MB'; set timescaledb.max_tuples_decompressed_per_dml_transaction = 0`
