import { randomUUID } from 'node:crypto'
import { price as priceType, silentLogger } from '../../lib/src/base/types/index.ts'
import { CryptoDataPublisher } from '../../lib/src/publishers/index.ts'
import { partOf, watchArrivals } from '../arrivals.ts'
import { startConsumer } from '../consume.ts'
import type { BenchContext } from '../context.ts'
import { median } from '../rounds.ts'
import { PER_SECOND, SteadySource, WARM_UP } from '../steadySource.ts'
import { emptyTable } from '../table.ts'

const MOST_SECONDS = 20
const PARTS = { p50: 0.5, p90: 0.9, p99: 0.99, slowest: 1 }

/** Source → publisher → stream → consumer → a row that a query on another connection sees, record by record. */
export async function latency(context: BenchContext): Promise<string> {
  const { stream, records, rounds, note } = context
  const measured = Math.min(records, MOST_SECONDS * PER_SECOND)
  const parts = Object.entries(PARTS)
  const found = new Map<string, number[]>(parts.map(([name]) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    const taken = (await oneRound(context, WARM_UP + measured)).slice(WARM_UP)
    for (const [name, part] of parts) found.get(name)?.push(partOf(taken, part))
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

/** How long each record took, in the order in which they were seen; in milliseconds. */
async function oneRound({ store, stream }: BenchContext, total: number): Promise<readonly number[]> {
  await stream.deleteTopics([priceType.topic])
  await stream.createTopics([priceType.topic])
  await emptyTable(store)
  const consumer = await startConsumer(store, stream, `latency-${randomUUID()}`)
  const publisher = new CryptoDataPublisher({ source: new SteadySource(PER_SECOND, total), stream, logger: silentLogger })
  const publishing = publisher.run()
  const seen = watchArrivals(store, total)
  await Promise.race([Promise.all([publishing, seen]), consumer.failed])
  await consumer.stop()
  await publisher.close()
  return seen
}
