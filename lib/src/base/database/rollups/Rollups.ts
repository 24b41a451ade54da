import { setTimeout as sleep } from 'node:timers/promises'
import { QiError } from '../../types/index.ts'
import type { Capabilities, Layout } from '../capabilities.ts'
import { type ConnectOptions, inTransaction, type Pool, type PoolClient, withClient } from '../pool.ts'
import { createAggregates, dropAggregates } from './aggregates.ts'
import { COARSER, LEVELS, type Level, orderOf } from './levels.ts'
import { rollupLock, shardLock } from './lock.ts'
import { ignoreWrites, isWatched, markHistory, type Part, SHARDS, watchWrites } from './marks.ts'
import { type RollupPass, rollUpAggregates, rollUpTables } from './passes.ts'

/** Who keeps the coarser bars: TimescaleDB's continuous aggregates, or we ourselves. */
export type RollupKeeper = 'aggregates' | 'tables'

export interface RollupStatus {
  /** Absent where nothing is rolled up. */
  readonly keeper?: RollupKeeper
  /** Stretches of a series that were written and could be rolled up by now. */
  readonly pending: number
  /** For how long the oldest of them has waited, in milliseconds; 0 where none does. */
  readonly lagMs: number
}

const NOTHING: RollupPass = { stretches: 0, bars: 0 }
/** A pass takes about so long, so that its transaction is short and the marks of now are not kept waiting by those of a backfill. */
const PASS_MS = 1000
const MOST_STRETCHES = 20_000

/** The parts of the work, each under a lock of its own and for one worker at a time: a shard, or the continuous aggregates of all. */
const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard)
const FINEST = LEVELS[0]
const COARSEST = LEVELS[LEVELS.length - 1] as Level
const PARTS: Readonly<Record<RollupKeeper, readonly Part[]>> = {
  tables: ALL_SHARDS.map((shard) => ({ shards: [shard], levels: [FINEST, COARSEST] })),
  aggregates: [
    ...ALL_SHARDS.map((shard) => ({ shards: [shard], levels: [FINEST, FINEST] }) as const),
    { shards: ALL_SHARDS, levels: [COARSER[0] as Level, COARSEST] },
  ],
}

/**
 * Bars of 1m, 5m, 15m, 1h, 4h and 1d, made of trades, of prices and of stored one-minute bars by event time. What is written
 * notes in its own transaction which stretches it touched; passes make exactly their bars again, from all the records that are
 * there: those of one minute at once, longer ones as soon as their time is over. So late, out-of-order and corrected records change the
 * bars that they belong to, and the order of arrival does not matter. A longer bar of now is made by who asks for it.
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

  /** From now on everything is rolled up, and what is there already is, little by little. Does nothing where it is on. */
  async turnOn(): Promise<void> {
    await this.#locked(async (client) => {
      if (await keeperOf(client)) return
      if (this.#keeper === 'aggregates') await createAggregates(client)
      // First the triggers, and once they see every write, what was there before.
      await inTransaction(client, () => watchWrites(client))
      await inTransaction(client, async () => {
        await markHistory(client)
        await client.query("insert into qicore_settings (name, value) values ('rollups', $1)", [this.#keeper])
      })
      await client.query('analyze rollup_marks')
    })
  }

  /** Writers pay nothing for rollups any more, and queries read the records themselves. What was rolled up is dropped. */
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
   * Rolls up some of what is due in the part that has waited for longest and that nobody else is at; parts that are at work elsewhere
   * are left to it. @param by a time of the database: marks that were due then are looked for
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
              return await this.#rollUp(client, keeper, PARTS[keeper][at] as Part)
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

  /** Notes that everything is to be rolled up again; passes do it. @throws QiError UNSUPPORTED where nothing is rolled up */
  async again(): Promise<void> {
    await this.#locked(async (client) => {
      if (!(await keeperOf(client)))
        throw new QiError('UNSUPPORTED', 'nothing is rolled up: set store.rollups.enabled to true and start the platform')
      await inTransaction(client, () => markHistory(client))
    })
  }

  /**
   * Passes until all that is due now is done, or others are at it.
   * @param breathMs between passes
   */
  async catchUp({
    signal,
    breathMs = 0,
  }: {
    readonly signal?: AbortSignal
    readonly breathMs?: number
  } = {}): Promise<RollupPass> {
    const { rows } = await this.#pool.query<{ now: string }>('select clock_timestamp()::text as now')
    const total = { stretches: 0, bars: 0 }
    while (!signal?.aborted) {
      const { stretches, bars } = await this.pass(rows[0]?.now)
      if (stretches === 0) break
      total.stretches += stretches
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

  async #rollUp(client: PoolClient, keeper: RollupKeeper, part: Part): Promise<RollupPass> {
    const started = performance.now()
    // A stretch may be a few rows or a busy day: the passes find out how many are a second's work.
    const done =
      keeper === 'aggregates' && part.shards.length > 1
        ? await rollUpAggregates(client, part, this.#most, this.#capabilities)
        : await rollUpTables(client, part, this.#most)
    const ratio = PASS_MS / (performance.now() - started)
    if (done.stretches >= this.#most || ratio < 1)
      this.#most = Math.round(Math.min(MOST_STRETCHES, Math.max(1, this.#most * Math.min(2, Math.max(0.25, ratio)))))
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

/**
 * The parts that have marks that are due, the one that has waited for longest first. The continuous aggregates follow what the shards
 * have done meanwhile.
 */
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

/** A connection that broke has given the lock back already. */
const unlock = async (client: PoolClient, keys: readonly number[], sharing: Sharing = 'alone'): Promise<void> => {
  await client.query(`select pg_advisory_unlock${suffix(sharing)}($1, $2)`, [...keys]).catch(() => {})
}
