import { QiError } from '../../types/index.ts'
import type { Capabilities, Layout } from '../capabilities.ts'
import { type ConnectOptions, inTransaction, type Pool, type PoolClient, withClient } from '../pool.ts'
import { createAggregates, dropAggregates, familyOf, refreshFamily, type Stretch } from './aggregates.ts'
import { build } from './build.ts'
import { rollupLock } from './lock.ts'
import { dropMarks, ignoreWrites, isWatched, markHistory, type Taken, takeMarks, watchWrites } from './marks.ts'
import { refreshNoted } from './refreshLater.ts'

/** Who keeps the coarser bars: TimescaleDB's continuous aggregates, or we ourselves. */
export type RollupKeeper = 'aggregates' | 'tables'

export interface RollupStatus {
  /** Absent where nothing is rolled up. */
  readonly keeper?: RollupKeeper
  /** Stretches of a series that were written and are not rolled up yet. */
  readonly pending: number
  /** For how long the oldest of them has waited, in milliseconds; 0 where none does. */
  readonly lagMs: number
}

export interface RollupPass {
  /** Marks done away with; 0 when there was nothing to do, or another process is at it. */
  readonly marks: number
  /** Bars that became others than they were; those of continuous aggregates are not counted. */
  readonly bars: number
  /** Whether there is more to do at once. */
  readonly more: boolean
}

const NOTHING: RollupPass = { marks: 0, bars: 0, more: false }
/** A pass takes about so long, so that its transaction is short and the marks of now are not kept waiting by those of a backfill. */
const PASS_MS = 1000
const MOST_MARKS = 5000

/**
 * Bars of 1m, 5m, 15m, 1h, 4h and 1d, made of trades, of prices and of stored one-minute bars by event time. What is written
 * notes in its own transaction which stretches it touched; a pass makes exactly their bars again, from all the records that are
 * there. So late, out-of-order and corrected records change the bars that they belong to, and the order of arrival does not matter.
 */
export class Rollups {
  readonly #pool: Pool
  readonly #connect: ConnectOptions
  readonly #capabilities: Capabilities
  readonly #keeper: RollupKeeper
  #marks = 500

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

  /** Rolls up some of what was written since; of all processes one at a time. */
  async pass(): Promise<RollupPass> {
    return withClient(
      this.#pool,
      async (client) => {
        if (!(await tryLock(client))) return NOTHING
        try {
          return await this.#rollUp(client)
        } finally {
          await unlock(client)
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

  /** Passes until nothing is left, or another process is at it. */
  async catchUp(signal?: AbortSignal): Promise<RollupPass> {
    const total = { marks: 0, bars: 0, more: true }
    while (total.more && !signal?.aborted) {
      const { marks, bars, more } = await this.pass()
      total.marks += marks
      total.bars += bars
      total.more = more
    }
    return total
  }

  async status(): Promise<RollupStatus> {
    return withClient(
      this.#pool,
      async (client) => {
        const keeper = await keeperOf(client)
        const { rows } = await client.query<{ pending: number; lag: string }>(
          `select (select count(*)::int from rollup_marks) as pending,
            coalesce((select extract(epoch from clock_timestamp() - noted_at) * 1000 from rollup_marks order by id limit 1), 0) as lag`,
        )
        const lagMs = Math.max(0, Math.round(Number(rows[0]?.lag ?? 0)))
        return { ...(keeper && { keeper }), pending: rows[0]?.pending ?? 0, lagMs }
      },
      this.#connect,
    )
  }

  async #rollUp(client: PoolClient): Promise<RollupPass> {
    const keeper = await keeperOf(client)
    if (!keeper) return NOTHING
    const started = performance.now()
    // A stretch may be a few rows or a busy day: the passes find out how many are a second's work.
    const done =
      keeper === 'aggregates'
        ? await withAggregates(client, this.#marks, this.#capabilities)
        : await withTables(client, this.#marks)
    const ratio = PASS_MS / (performance.now() - started)
    if (done.marks > 0)
      this.#marks = Math.round(Math.min(MOST_MARKS, Math.max(1, this.#marks * Math.min(2, Math.max(0.25, ratio)))))
    return done
  }

  #locked(work: (client: PoolClient) => Promise<void>): Promise<void> {
    return withClient(
      this.#pool,
      async (client) => {
        await client.query('select pg_advisory_lock($1, $2)', [...(await rollupLock(client))])
        try {
          await work(client)
        } finally {
          await unlock(client)
        }
      },
      this.#connect,
    )
  }
}

/** Marks and bars change in one transaction: whoever sees no mark sees the bars. */
const withTables = (client: PoolClient, most: number): Promise<RollupPass> =>
  inTransaction(client, async () => {
    const { ids, dirty } = await takeMarks(client, most)
    let bars = 0
    for (const [rolled, stretches] of dirty) bars += await build(client, rolled, stretches, 'all')
    await dropMarks(client, ids)
    return { marks: ids.length, bars, more: ids.length === most }
  })

/** A refresh is a transaction of its own, so the marks stay until all is done; a pass that ended half-way is repeated. */
async function withAggregates(client: PoolClient, most: number, capabilities: Capabilities): Promise<RollupPass> {
  await refreshNoted(client, capabilities)
  const taken = await takeMarks(client, most)
  let bars = 0
  for (const [rolled, stretches] of taken.dirty) bars += await build(client, rolled, stretches, 'minutes')
  for (const [family, stretches] of stretchesOf(taken))
    for (const stretch of stretches) await refreshFamily(client, family, stretch, capabilities)
  await dropMarks(client, taken.ids)
  return { marks: taken.ids.length, bars, more: taken.ids.length === most }
}

const DAY_MS = 86_400_000

/** A refresh is about all series: their stretches joined, over gaps of up to a day. */
function stretchesOf({ dirty }: Taken): Map<ReturnType<typeof familyOf>, Stretch[]> {
  const families = Map.groupBy([...dirty], ([rolled]) => familyOf(rolled))
  return new Map(
    [...families].map(([family, kinds]) => {
      const joined: { from: string; to: string }[] = []
      const all = kinds.flatMap(([, stretches]) => stretches)
      for (const { from, to } of all.toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from))) {
        const last = joined.at(-1)
        if (last && Date.parse(from) - Date.parse(last.to) <= DAY_MS) {
          if (Date.parse(to) > Date.parse(last.to)) last.to = to
        } else joined.push({ from, to })
      }
      return [family, joined]
    }),
  )
}

async function keeperOf(client: PoolClient): Promise<RollupKeeper | undefined> {
  const { rows } = await client.query<{ value: RollupKeeper }>("select value from qicore_settings where name = 'rollups'")
  return rows[0]?.value
}

async function tryLock(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', [
    ...(await rollupLock(client)),
  ])
  return rows[0]?.got === true
}

/** A connection that broke has given the lock back already. */
const unlock = async (client: PoolClient): Promise<void> => {
  await rollupLock(client)
    .then((keys) => client.query('select pg_advisory_unlock($1, $2)', [...keys]))
    .catch(() => {})
}
