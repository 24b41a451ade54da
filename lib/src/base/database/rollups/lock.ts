import type { PoolClient } from 'pg'
import { lockKeys } from '../bookkeeping/lockKeys.ts'

/** Keys of the advisory lock of rollups: shared by passes, exclusive for dropping records and for turning rollups on or off. */
export const rollupLock = async (client: PoolClient): Promise<readonly number[]> => (await lockKeys(client)).single.rollups

/** Keys of the advisory lock of one part: a shard, or (after the last shard) the continuous aggregates. */
export const shardLock = async (client: PoolClient, shard: number): Promise<readonly number[]> => [
  (await lockKeys(client)).shards,
  shard,
]
