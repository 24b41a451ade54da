import { setTimeout } from 'node:timers/promises'
import { price } from '../../../lib/src/base/types/index.ts'
import { DeadLetters } from '../../../lib/src/streaming/pipelines/index.ts'
import { Tally } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import { type Loaded, underLoad } from '../underLoad.ts'
import { watch } from '../watch.ts'

interface Chunk {
  readonly id: number
  readonly partition: number
  readonly base: bigint
  readonly count: number
}

/** The newest chunk of each partition of prices, which nobody has read while the platform is away. */
const NEWEST = `
select distinct on (c.partition_id) c.partition_id as id, p.partition, c.base_offset as base, c.count
from qicore_stream.chunks c join qicore_stream.partitions p on p.id = c.partition_id
join qicore_stream.topics t on t.id = p.topic_id
where t.name = $1 order by c.partition_id, c.base_offset desc`

async function chunks({ engines }: Loaded): Promise<Chunk[]> {
  const { rows } = await engines.store.pool.query<Omit<Chunk, 'base'> & { base: string }>(NEWEST, [price.topic])
  return rows.map((row) => ({ ...row, base: BigInt(row.base) }))
}

/** Adds what a chunk holds, as long as it can be read. */
async function addTo(tally: Tally, { engines }: Loaded, { partition, base, count }: Chunk): Promise<void> {
  const { partitions } = (await engines.stream.describeTopics([price.topic]))[0] ?? { partitions: [] }
  const from = partitions.map((each) => ({
    topic: price.topic,
    partition: each.partition,
    offset: each.partition === partition ? base : each.latest,
  }))
  for await (const batch of engines.stream.read({ topics: [price.topic], from, untilEnd: true }))
    for (const { index, record } of batch.decode(price))
      if (record && batch.offset(index) < base + BigInt(count) && batch.partition === partition)
        tally.add(record.coinId, record.price, record.marketCap as string)
}

/** Some byte of the stored ones is another. */
const DAMAGE = `
update qicore_stream.chunks set bytes = set_byte(bytes, octet_length(bytes) / 2, get_byte(bytes, octet_length(bytes) / 2) # 1)
where partition_id = $1 and base_offset = $2`

export const scenario: Scenario = {
  name: 'damaged-chunk',
  summary: 'a chunk of each partition of the embedded log is damaged before it is read; all others are stored',
  run: (context) =>
    underLoad(context, { name: 'damaged-chunk' }, async (loaded) => {
      const { engines, wait, stored } = loaded
      await setTimeout((context.seconds * 1000) / 2)
      const lost = new Tally()
      let damaged: Chunk[] = []
      await loaded.restart(async () => {
        const before = loaded.produced()
        await wait(() => loaded.produced() > before, 'prices that nobody has read')
        damaged = await chunks(loaded)
        for (const chunk of damaged) await addTo(lost, loaded, chunk)
        for (const { id, base } of damaged) await engines.store.pool.query(DAMAGE, [id, String(base)])
        context.say(`damaged ${damaged.length} chunks with ${lost.checksum.count} prices`)
      })
      const reads = watch(`${loaded.platform().url}/api/v1/prices/latest?coins=coin-1`)
      const letters = await wait(async () => {
        const listed = await new DeadLetters(engines.stream).list({ topic: price.topic })
        return listed.length >= damaged.length && listed
      }, 'the damaged chunks in the dead letters')
      const before = await stored()
      await setTimeout((context.seconds * 1000) / 2)
      await wait(async () => (await stored()) > before, 'more prices to be stored')
      const health = (await (await fetch(`${loaded.platform().url}/health`)).json()) as { readonly components?: unknown }
      const named = JSON.stringify(health)
      const { failed } = await reads.stop()
      const places = new Set(letters.map(({ partition, offset, lastOffset }) => `${partition}/${offset}-${lastOffset}`))
      const restarts = (await loaded.platform().status()).parts.find(({ name }) => name.startsWith('consumer '))?.restarts
      return {
        damaged: damaged.length,
        lost: lost.checksum,
        deadLetters: damaged.length,
        problems: [
          ...failed,
          ...damaged.map(
            ({ partition, base, count }) =>
              !places.has(`${partition}/${base}-${base + BigInt(count) - 1n}`) &&
              `no letter names partition ${partition}, offsets ${base} to ${base + BigInt(count) - 1n}`,
          ),
          !/crypto-prices partition \d+, offsets? \d+/.test(named) && `the health names no place: ${named}`,
          restarts !== 0 && `the consumer was started again ${restarts} times`,
        ],
      }
    }),
}
