import { setTimeout as sleep } from 'node:timers/promises'
import { type Store, seriesNumberSql } from '../lib/src/base/database/index.ts'
import { clock, STEADY_COINS, steadyCoin } from './steadySource.ts'
import { ROWS } from './table.ts'

/** Between two looks, which makes figures larger by half of it; without a rest the looks would take a third of the machine. */
const REST_MS = 1

/** The least of the figures that this part of all does not exceed: 0.99 gives p99, 1 the greatest. */
export function partOf(figures: readonly number[], part: number): number {
  const sorted = figures.toSorted((x, y) => x - y)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number
}

const NEW_ROWS = `select c, (extract(epoch from t) * 1000000)::bigint::text as t from unnest($1::text[], $2::bigint[]) as last (c, l)
  cross join lateral (select time as t from ${ROWS} where series = ${seriesNumberSql('price', { coin_id: 'c', source: "'bench'", currency: "'usd'" })}
    and time > '2000-01-01Z'::timestamptz + (l - 946684800000000) * interval '1 microsecond' order by time) as fresh`

/**
 * Asks for new rows of a {@link SteadySource} again and again until so many have been seen. How long each took to be there, in the order in which
 * they were seen, in milliseconds.
 */
export async function watchArrivals(store: Store, total: number): Promise<number[]> {
  const now = clock()
  const coins = Array.from({ length: STEADY_COINS }, (_, i) => steadyCoin(i))
  const last = new Map(coins.map((coin) => [coin, 0]))
  const taken: number[] = []
  while (taken.length < total) {
    const { rows } = await store.pool.query<{ c: string; t: string }>({
      name: 'bench-latency',
      text: NEW_ROWS,
      values: [coins, [...last.values()]],
    })
    const seenAt = now()
    for (const { c, t } of rows) {
      last.set(c, Math.max(last.get(c) ?? 0, Number(t)))
      taken.push((seenAt - Number(t)) / 1000)
    }
    await sleep(REST_MS)
  }
  return taken
}
