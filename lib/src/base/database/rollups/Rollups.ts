import { setTimeout as sleep } from 'node:timers/promises'
import { QiError } from '../../types/index.ts'
import type { Capabilities, Layout } from '../connections/capabilities.ts'
import { type ConnectOptions, inTransaction, type Pool, type PoolClient, withClient } from '../connections/pool.ts'
import { createAggregates, dropAggregates } from './aggregates.ts'
import { COARSER, LEVELS, type Level, orderOf } from './levels.ts'
import { rollupLock, shardLock } from './lock.ts'
import { ignoreWrites, isWatched, markHistory, type RollupPart, SHARDS, watchWrites } from './marks.ts'
import { type RollupPass, rollUpAggregates, rollUpTables } from './passes.ts'

/** `aggregates`: TimescaleDB's continuous aggregates keep the bars above 1m. `tables`: passes write all bars into the table `rollups`. */
export type RollupKeeper = 'aggregates' | 'tables'

export interface RollupStatus {
  /** Absent while rollups are off. */
  readonly keeper?: RollupKeeper
  /** Dirty ranges that are due: written, but not rolled up yet. */
  readonly pending: number
  /** Age of the oldest due range in milliseconds; 0 if none is due. */
  readonly lagMs: number
}

const NOTHING: RollupPass = { ranges: 0, bars: 0 }
/** Target duration of a pass: its transaction stays short, and a backfill does not delay the marks of live records. */
const PASS_MS = 1000
const MOST_RANGES = 20_000

/** Shards of the work. One worker at a time handles a part, under the lock of that part. */
const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard)
const FINEST = LEVELS[0]
const COARSEST = LEVELS[LEVELS.length - 1] as Level
const PARTS: Readonly<Record<RollupKeeper, readonly RollupPart[]>> = {
  tables: ALL_SHARDS.map((shard) => ({ shards: [shard], levels: [FINEST, COARSEST] })),
  aggregates: [
    ...ALL_SHARDS.map((shard) => ({ shards: [shard], levels: [FINEST, FINEST] }) as const),
    { shards: ALL_SHARDS, levels: [COARSER[0] as Level, COARSEST] },
  ],
}

/**
 * Rolls trades, prices and stored one-minute bars up into bars of 1m, 5m, 15m, 1h, 4h and 1d, by event time.
 *
 * Each write marks the ranges it touched, in its own transaction. Passes rebuild exactly the bars of marked ranges from all stored
 * records: 1m bars at once, longer ones when their time is over. So late, out-of-order and corrected records change the bars they
 * belong to, and the order of arrival does not matter. A longer bar that is still open is built by the query that asks for it.
 */
export class Rollups {
  readonly #pool: Pool
  readonly #connect: ConnectOptions
  readonly #capabilities: Capabilities
  readonly #keeper: RollupKeeper
  #most = 1000

  constructor(pool: Pool, capabilities: Capabilities, layout: Layout, connect: ConnectOptions = {}) {
    this.#pool = pool
    this.#connect = connect
    this.#capabilities = capabilities
    this.#keeper = capabilities.continuousAggregates && layout === 'hypertables' ? 'aggregates' : 'tables'
  }

  /** Starts rolling up new writes, and marks the stored history for the next passes. No effect if rollups are on. */
  async turnOn(): Promise<void> {
    await this.#locked(async (client) => {
      if (await keeperOf(client)) return
      if (this.#keeper === 'aggregates') await createAggregates(client)
      // Triggers first: history is marked once they see every write, so that no row is missed.
      await inTransaction(client, () => watchWrites(client))
      await inTransaction(client, async () => {
        await markHistory(client)
        await client.query("insert into qicore_settings (name, value) values ('rollups', $1)", [this.#keeper])
      })
      await client.query('analyze rollup_marks')
    })
  }

  /** Removes the triggers and drops all rolled-up bars; queries then read the records themselves. */
  async turnOff(): Promise<void> {
    await this.#locked(async (client) => {
      const keeper = await keeperOf(client)
      if (!keeper && !(await isWatched(client))) return
      await inTransaction(client, async () => {
        await client.query("delete from qicore_settings where name = 'rollups'")
        await ignoreWrites(client)
        await client.query('truncate rollup_marks')
        await client.query('truncate rollups')
      })
      if (keeper === 'aggregates') await dropAggregates(client)
    })
  }

  /**
   * Rolls up some due marks of one part: the one that has waited longest among those that no other worker has locked.
   * @param by a database time: only marks due by then count; default now
   */
  async pass(by?: string): Promise<RollupPass> {
    return withClient(
      this.#pool,
      async (client) => {
        const keeper = await keeperOf(client)
        if (!keeper || !(await tryLock(client, await rollupLock(client), 'shared'))) return NOTHING
        try {
          for (const at of await waiting(client, keeper, by)) {
            const lock = await shardLock(client, at)
            if (!(await tryLock(client, lock))) continue
            try {
              return await this.#rollUp(client, keeper, PARTS[keeper][at] as RollupPart)
            } finally {
              await unlock(client, lock)
            }
          }
          return NOTHING
        } finally {
          await unlock(client, await rollupLock(client), 'shared')
        }
      },
      this.#connect,
    )
  }

  /** Marks the whole history, so that the next passes roll it up again. @throws QiError UNSUPPORTED while rollups are off */
  async rebuild(): Promise<void> {
    await this.#locked(async (client) => {
      if (!(await keeperOf(client)))
        throw new QiError('UNSUPPORTED', 'nothing is rolled up: set store.rollups.enabled to true and start the platform')
      await inTransaction(client, () => markHistory(client))
    })
  }

  /**
   * Runs passes until everything due at the time of the call is done, or is locked by other workers.
   * @param breathMs pause between passes, in milliseconds
   */
  async catchUp({
    signal,
    breathMs = 0,
  }: {
    readonly signal?: AbortSignal
    readonly breathMs?: number
  } = {}): Promise<RollupPass> {
    const { rows } = await this.#pool.query<{ now: string }>('select clock_timestamp()::text as now')
    const total = { ranges: 0, bars: 0 }
    while (!signal?.aborted) {
      const { ranges, bars } = await this.pass(rows[0]?.now)
      if (ranges === 0) break
      total.ranges += ranges
      total.bars += bars
      if (breathMs > 0) await sleep(breathMs, undefined, { signal, ref: false }).catch(() => {})
    }
    return total
  }

  async status(): Promise<RollupStatus> {
    return withClient(
      this.#pool,
      async (client) => {
        const keeper = await keeperOf(client)
        const { rows } = await client.query<{ pending: number; lag: string }>(
          `select coalesce(sum(cardinality(series)), 0)::int as pending,
            coalesce(extract(epoch from clock_timestamp() - min(due)) * 1000, 0) as lag from rollup_marks where due <= clock_timestamp()`,
        )
        const lagMs = Math.max(0, Math.round(Number(rows[0]?.lag ?? 0)))
        return { ...(keeper && { keeper }), pending: rows[0]?.pending ?? 0, lagMs }
      },
      this.#connect,
    )
  }

  async #rollUp(client: PoolClient, keeper: RollupKeeper, part: RollupPart): Promise<RollupPass> {
    const started = performance.now()
    // A range may hold a few rows or a busy day, so the batch size follows the measured time of a pass.
    const done =
      keeper === 'aggregates' && part.shards.length > 1
        ? await rollUpAggregates(client, part, this.#most, this.#capabilities)
        : await rollUpTables(client, part, this.#most)
    const ratio = PASS_MS / (performance.now() - started)
    if (done.ranges >= this.#most || ratio < 1)
      this.#most = Math.round(Math.min(MOST_RANGES, Math.max(1, this.#most * Math.min(2, Math.max(0.25, ratio)))))
    return done
  }

  #locked(work: (client: PoolClient) => Promise<void>): Promise<void> {
    return withClient(
      this.#pool,
      async (client) => {
        const lock = await rollupLock(client)
        await client.query('select pg_advisory_lock($1, $2)', [...lock])
        try {
          await work(client)
        } finally {
          await unlock(client, lock)
        }
      },
      this.#connect,
    )
  }
}

async function keeperOf(client: PoolClient): Promise<RollupKeeper | undefined> {
  const { rows } = await client.query<{ value: RollupKeeper }>("select value from qicore_settings where name = 'rollups'")
  return rows[0]?.value
}

/** Indexes of the parts that have due marks, the longest waiting first. The aggregates' part reads also marks that the shards left since. */
async function waiting(client: PoolClient, keeper: RollupKeeper, by: string | undefined): Promise<readonly number[]> {
  const due = PARTS[keeper].map(
    (
      { shards, levels },
      at,
    ) => `(select ${at} as at, m.due from unnest('{${shards}}'::smallint[]) as s (shard) cross join lateral (
      select due from rollup_marks where shard = s.shard and due <= ${shards.length > 1 ? 'now()' : '$1::timestamptz'}
        and level between ${orderOf(levels[0])} and ${orderOf(levels[1])} order by due limit 1) as m)`,
  )
  const { rows } = await client.query<{ at: number }>(
    `select at from (${due.join(' union all ')}) as parts group by at order by min(due)`,
    [by ?? 'now'],
  )
  return rows.map(({ at }) => at)
}

type Sharing = 'shared' | 'alone'
const suffix = (sharing: Sharing): string => (sharing === 'shared' ? '_shared' : '')

async function tryLock(client: PoolClient, keys: readonly number[], sharing: Sharing = 'alone'): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>(`select pg_try_advisory_lock${suffix(sharing)}($1, $2) as got`, [...keys])
  return rows[0]?.got === true
}

/** Ignores errors: a broken connection has released the lock already. */
const unlock = async (client: PoolClient, keys: readonly number[], sharing: Sharing = 'alone'): Promise<void> => {
  await client.query(`select pg_advisory_unlock${suffix(sharing)}($1, $2)`, [...keys]).catch(() => {})
}
