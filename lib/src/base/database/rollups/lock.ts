import type { PoolClient } from 'pg'
import { lockKeys } from '../lockKeys.ts'

/** Keys of the advisory lock that is held by whoever rolls up, or drops what was rolled up. */
export const rollupLock = async (client: PoolClient): Promise<readonly number[]> => (await lockKeys(client)).single.rollups
