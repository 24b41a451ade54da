import type { RateLimit, RateLimits } from '../../types/index.ts'
import { migrate } from '../bookkeeping/migrate.ts'
import { isReadOnly, type Pool } from '../connections/pool.ts'
import { CLEAN_UP, networkingMigrations } from './migrations.ts'
import { PostgresRateLimit } from './PostgresRateLimit.ts'

/**
 * Rate limits kept in one database, by service and key; the same arguments return the same limit. The first permit creates the tables and
 * removes unused keys.
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

/** Creates the tables, and removes unused keys. @throws QiError */
export async function prepareRateLimits(pool: Pool): Promise<void> {
  await migrate(pool, { component: 'networking', files: networkingMigrations })
  if (!isReadOnly(pool)) await pool.query(CLEAN_UP)
}

/** Wraps work that must succeed once: a failed run is repeated by the next call. */
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
