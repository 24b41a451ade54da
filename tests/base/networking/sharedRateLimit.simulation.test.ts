import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPool, migrate, networkingMigrations, type Pool } from '../../../lib/src/base/database/index.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { SHRINKS } from '../../support/shrinks.ts'
import { mostInWindow } from '../../support/slidingWindow.ts'

const WINDOW = 60_000
const SLACK = 1000
const START = Date.parse('2026-01-01T00:00:00Z')

let database: TestDatabase
let pool: Pool

/** Replaces the clock of the functions by one of the test: a function of the same name, first in the search path. */
beforeAll(async () => {
  database = await createDatabase()
  const plain = createPool(database.url, { max: 1 })
  await migrate(plain, { component: 'networking', files: networkingMigrations })
  await plain.query(`create schema simulated; create function simulated.clock_timestamp() returns timestamptz volatile language sql
    as $$ select current_setting('simulated.now')::timestamptz $$`)
  await plain.end()
  pool = createPool(database.url, {
    max: 1,
    setup: 'set synchronous_commit = off; set search_path = simulated, public, pg_catalog',
  })
})

afterAll(async () => {
  await pool.end()
  await database.drop()
})

const step = fc.record({
  /** The index of the process that continues. */
  who: fc.nat(4),
  what: fc.constantFrom('ask', 'ask', 'ask', 'ask', 'penalize', 'die', 'leave', 'clear', 'clock back'),
  weight: fc.integer({ min: 1, max: 4 }),
  after: fc.oneof(fc.nat(500), fc.nat(40_000)),
  late: fc.oneof({ weight: 4, arbitrary: fc.nat(250) }, { weight: 1, arbitrary: fc.nat(5000) }),
  transit: fc.nat(SLACK / 2),
})

/** The third caller is due while the second is late; before it asks, the peer sets a penalty. */
const PENALTY_BEFORE_A_PLACE_THAT_IS_DUE = [
  { who: 0, what: 'ask', after: 0, late: 0 },
  { who: 3, what: 'ask', after: 50, late: 0 },
  { who: 1, what: 'ask', after: 0, late: 0 },
  { who: 2, what: 'ask', after: 0, late: 0 },
  { who: 4, what: 'penalize', after: WINDOW + SLACK - 50, late: 100 },
  { who: 4, what: 'die', after: 10, late: 0 },
].map((one) => ({ ...one, weight: 2, transit: 0 }))

it('holds in every window, for any processes, weights, penalties, delays, deaths and clocks', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 4, max: 10 }), fc.array(step, { minLength: 20, maxLength: 60 }), async (limit, steps) => {
      const key = Buffer.from(`run ${run++}`)
      /** True time, as the peer counts, and the time of the database's clock. */
      let now = 0
      let behind = 0
      let blockedUntil = 0
      const calls: { at: number; weight: number }[] = []
      const waiting = new Map<number, { readonly id: string; readonly weight: number; wake: number }>()
      const query = async <T>(sql: string, values: unknown[]): Promise<T> => {
        await pool.query("select set_config('simulated.now', $1, false)", [new Date(START + now - behind).toISOString()])
        return (await pool.query(sql, [key, ...values])).rows[0] as T
      }
      const ask = async (who: number, weight: number, held: string | null, transit: number) => {
        const { id, wait_ms } = await query<{ id: string; wait_ms: number }>(
          `select id::text, wait_ms from qicore_rate_acquire($1, $2, $3, '${WINDOW + SLACK} ms', '${SLACK / 4} ms', $4, 'simulated')`,
          [weight, limit, held],
        )
        if (wait_ms > 0) return void waiting.set(who, { id, weight, wake: now + Math.ceil(wait_ms) })
        waiting.delete(who)
        expect(now).toBeGreaterThanOrEqual(blockedUntil)
        calls.push({ at: now + transit, weight })
      }
      for (const { who, what, weight, after, late, transit } of steps) {
        const until = now + after
        // Processes that become due meanwhile go first, each with its own delay.
        for (;;) {
          const next = [...waiting].sort(([, a], [, b]) => a.wake - b.wake)[0]
          if (!next || next[1].wake > until) break
          now = Math.max(now, next[1].wake + late)
          await ask(next[0], next[1].weight, next[1].id, transit)
        }
        now = Math.max(now, until)
        const own = waiting.get(who)
        if (what === 'ask' && !own) await ask(who, weight, null, transit)
        if (what === 'die') waiting.delete(who)
        if (what === 'leave' && own) {
          waiting.delete(who)
          await query('select qicore_rate_leave($1, $2)', [own.id])
        }
        if (what === 'clock back') behind += late
        if (what === 'clear') {
          await query('select qicore_rate_clear($1)', [])
          blockedUntil = 0
          // Waiting callers check again.
          for (const place of waiting.values()) place.wake = now
        }
        if (what === 'penalize') {
          await query("select qicore_rate_penalize($1, $2 * interval '1 ms', 'a test')", [after])
          blockedUntil = Math.max(blockedUntil, now + after)
        }
      }
      expect(mostInWindow(calls, WINDOW)).toBeLessThanOrEqual(limit)
      const { left } = await query<{ left: number }>('select count(*)::int as left from network_grants where key_digest = $1', [])
      expect(left).toBeLessThanOrEqual(steps.length)
    }),
    { ...SHRINKS, numRuns: 120, examples: [[4, PENALTY_BEFORE_A_PLACE_THAT_IS_DUE]] },
  )
})
