import { migrate } from '../../database/migrate.ts'
import { isReadOnly, type Pool } from '../../database/pool.ts'
import type { RateLimit, RateLimits } from '../../types/index.ts'
import { CLEAN_UP, networkingMigrations } from './migrations.ts'
import { PostgresRateLimit } from './PostgresRateLimit.ts'

/**
 * Limits kept in one database, by service and key: whoever asks for the same gets the same. Tables are made, and what nobody uses
 * any more removed, when the first permit is asked for.
 */
export function sharedRateLimits(pool: Pool): (key: string, limits: RateLimits) => RateLimit {
  const known = new Map<string, RateLimit>()
  const ready = untilDone(() => prepareRateLimits(pool))
  return (key, limits) => {
    const name = JSON.stringify([key, limits])
    const limit = known.get(name) ?? new PostgresRateLimit({ ...limits, pool, key, ready })
    known.set(name, limit)
    return limit
  }
}

/** Makes the tables, and removes what nobody uses any more. @throws QiError */
export async function prepareRateLimits(pool: Pool): Promise<void> {
  await migrate(pool, { component: 'networking', files: networkingMigrations })
  if (!isReadOnly(pool)) await pool.query(CLEAN_UP)
}

/** Runs once; what failed is tried again by the next who asks. */
export function untilDone(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined
      throw error
    })
    return done
  }
}
