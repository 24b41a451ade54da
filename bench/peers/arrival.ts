import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../lib/src/base/database/index.ts'
import { formatTime, type Price } from '../../lib/src/base/types/index.ts'
import { COINS, prices } from '../prices.ts'
import { ROWS, TABLE } from '../table.ts'

const EVERY_MS = 5
const held = (
  table: string,
): string => `select m.n from unnest($1::int[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as m (n, coin, t, r)
  cross join lateral (select from ${table} where coin_id = m.coin and source = 'bench' and currency = 'usd' and time = m.t
    and received_at = m.r limit 1) as held`

export interface Arrival extends AsyncDisposable {
  /** Resolves when the first records of the topic are rows. */
  first(): Promise<void>
  /**
   * Resolves when all are: the last of each coin, and then all others, since a program may write several batches of a partition at once.
   * @returns when that was, by `performance.now()`: before they were counted, which takes a while
   */
  last(): Promise<number>
}

/** Sees from outside when records have become rows, alike for whoever stores them, by a few look-ups at the primary key. */
export function watchArrival(store: Store, records: number, table: string): Arrival {
  const pool = store.createPool({ max: 1, setup: 'set enable_seqscan = off' })
  const firsts = [...prices(Math.min(COINS, records))]
  const lasts = [...prices(records, Math.max(0, records - COINS))]
  const missing = async (some: readonly Price[]) => {
    const values = [
      some.map((_, i) => i),
      some.map(({ coinId }) => coinId),
      some.map(({ time }) => formatTime(time)),
      some.map(({ receivedAt }) => formatTime(receivedAt)),
    ]
    const { rows } = await pool.query<{ n: number }>({ name: `bench-arrival-${table}`, text: held(table), values })
    const there = new Set(rows.map(({ n }) => n))
    return some.filter((_, i) => !there.has(i))
  }
  const counted = async () => {
    // Older versions of the same keys were received before their time.
    const { rows } = await pool.query<{ n: string }>(
      `select count(*) as n from ${table === TABLE ? ROWS : table} where received_at > time`,
    )
    return Number(rows[0]?.n)
  }
  return {
    async first() {
      while ((await missing(firsts)).length === firsts.length) await sleep(EVERY_MS)
    },
    async last() {
      let waiting: readonly Price[] = lasts
      while (waiting.length > 0) {
        // One look-up at a time until it finds something, so as to take nothing from what is measured.
        if ((await missing(waiting.slice(0, 1))).length > 0) await sleep(EVERY_MS)
        else waiting = await missing(waiting)
      }
      for (;;) {
        const looked = performance.now()
        if ((await counted()) >= records) return looked
        await sleep(EVERY_MS)
      }
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
}
