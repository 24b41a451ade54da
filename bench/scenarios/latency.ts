import { price as priceType, type Store, silentLogger } from '../../lib/src/base/index.ts'
import { CryptoDataPublisher } from '../../lib/src/publishers/index.ts'
import { startConsumer } from '../consume.ts'
import type { BenchContext } from '../context.ts'
import { clock, STEADY_COINS, SteadySource, steadyCoin } from '../steadySource.ts'
import { emptyTable } from '../table.ts'

const PER_SECOND = 1000
const WARM_UP = 3 * PER_SECOND
const MOST_SECONDS = 20

/** Source → publisher → stream → consumer → a row that a query on another connection sees, record by record. */
export async function latency({ store, stream, records, note }: BenchContext): Promise<string> {
  const total = WARM_UP + Math.min(records, MOST_SECONDS * PER_SECOND)
  await stream.deleteTopics([priceType.topic])
  await stream.createTopics([priceType.topic])
  await emptyTable(store)
  const consumer = await startConsumer(store, stream, `latency-${process.pid}`)
  const publisher = new CryptoDataPublisher({ source: new SteadySource(PER_SECOND, total), stream, logger: silentLogger })
  const publishing = publisher.run()
  const seen = watch(store, total)
  await Promise.race([Promise.all([publishing, seen]), consumer.stored(Number.POSITIVE_INFINITY)])
  const taken = (await seen).slice(WARM_UP).sort((a, b) => a - b)
  await consumer.stop()
  await publisher.close()
  const at = (part: number) => ((taken[Math.min(taken.length - 1, Math.floor(taken.length * part))] as number) / 1000).toFixed(1)
  note(`${taken.length} records`)
  return [
    `### Source → queryable row (${stream.engine}), ${PER_SECOND.toLocaleString('en')} records/s for ${taken.length / PER_SECOND} s`,
    '',
    '| p50 | p90 | p99 | most |',
    '|---|---|---|---|',
    `| ${at(0.5)} ms | ${at(0.9)} ms | ${at(0.99)} ms | ${at(1)} ms |`,
  ].join('\n')
}

const NEW_ROWS = `select c, (extract(epoch from t) * 1000000)::bigint::text as t from unnest($1::text[], $2::bigint[]) as last (c, l)
  cross join lateral (select time as t from crypto_prices where coin_id = c and source = 'bench' and currency = 'usd'
    and time > '2000-01-01Z'::timestamptz + (l - 946684800000000) * interval '1 microsecond' order by time) as fresh`

/** Asks for new rows without a pause until all have been seen; how long each took to be there, in microseconds. */
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
  }
  return taken
}
