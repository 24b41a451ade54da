import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { price as priceType, type Store, silentLogger } from '../../lib/src/base/index.ts'
import { CryptoDataPublisher } from '../../lib/src/publishers/index.ts'
import { startConsumer } from '../consume.ts'
import type { BenchContext } from '../context.ts'
import { median } from '../rounds.ts'
import { clock, STEADY_COINS, SteadySource, steadyCoin } from '../steadySource.ts'
import { emptyTable } from '../table.ts'

const PER_SECOND = 1000
const WARM_UP = 3 * PER_SECOND
const MOST_SECONDS = 20
/** Between two looks, which makes figures larger by half of it; without a rest the looks would take a third of the machine. */
const REST_MS = 1
const PARTS = { p50: 0.5, p90: 0.9, p99: 0.99, slowest: 1 }

/** Source → publisher → stream → consumer → a row that a query on another connection sees, record by record. */
export async function latency(context: BenchContext): Promise<string> {
  const { stream, records, rounds, note } = context
  const measured = Math.min(records, MOST_SECONDS * PER_SECOND)
  const parts = Object.entries(PARTS)
  const found = new Map<string, number[]>(parts.map(([name]) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    const taken = (await oneRound(context, WARM_UP + measured)).slice(WARM_UP).sort((x, y) => x - y)
    for (const [name, part] of parts)
      found.get(name)?.push((taken[Math.min(taken.length - 1, Math.floor(taken.length * part))] as number) / 1000)
    note(`round ${round}/${rounds} ${parts.map(([name]) => `${name} ${found.get(name)?.at(-1)?.toFixed(1)} ms`).join(', ')}`)
  }
  return [
    `### Source → queryable row (${stream.engine}), ${PER_SECOND.toLocaleString('en')} records/s for ${measured / PER_SECOND} s a round`,
    '',
    '| | median round | least | most |',
    '|---|---|---|---|',
    ...[...found].map(
      ([name, ms]) =>
        `| ${name} | ${median(ms).toFixed(1)} ms | ${Math.min(...ms).toFixed(1)} ms | ${Math.max(...ms).toFixed(1)} ms |`,
    ),
  ].join('\n')
}

/** How long each record took, in the order in which they were seen; in microseconds. */
async function oneRound({ store, stream }: BenchContext, total: number): Promise<readonly number[]> {
  await stream.deleteTopics([priceType.topic])
  await stream.createTopics([priceType.topic])
  await emptyTable(store)
  const consumer = await startConsumer(store, stream, `latency-${randomUUID()}`)
  const publisher = new CryptoDataPublisher({ source: new SteadySource(PER_SECOND, total), stream, logger: silentLogger })
  const publishing = publisher.run()
  const seen = watch(store, total)
  await Promise.race([Promise.all([publishing, seen]), consumer.stored(Number.POSITIVE_INFINITY)])
  await consumer.stop()
  await publisher.close()
  return seen
}

const NEW_ROWS = `select c, (extract(epoch from t) * 1000000)::bigint::text as t from unnest($1::text[], $2::bigint[]) as last (c, l)
  cross join lateral (select time as t from crypto_prices where coin_id = c and source = 'bench' and currency = 'usd'
    and time > '2000-01-01Z'::timestamptz + (l - 946684800000000) * interval '1 microsecond' order by time) as fresh`

/** Asks for new rows again and again until all have been seen; how long each took to be there, in microseconds. */
async function watch(store: Store, total: number): Promise<number[]> {
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
      taken.push(seenAt - Number(t))
    }
    await sleep(REST_MS)
  }
  return taken
}
