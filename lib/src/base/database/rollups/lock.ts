import type { PoolClient } from 'pg'
import { lockKeys } from '../lockKeys.ts'

/** Keys of the advisory lock that is shared by those who roll up, and held alone by who drops records or turns rollups on or off. */
export const rollupLock = async (client: PoolClient): Promise<readonly number[]> => (await lockKeys(client)).single.rollups

/** Keys of the advisory lock of who rolls up a shard; that of the continuous aggregates comes after the last. */
export const shardLock = async (client: PoolClient, shard: number): Promise<readonly number[]> => [
  (await lockKeys(client)).shards,
  shard,
]
