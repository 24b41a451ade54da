import type { Store } from '../../lib/src/base/database/index.ts'
import type { Price } from '../../lib/src/base/types/index.ts'
import { price as priceType } from '../../lib/src/base/types/index.ts'
import type { BenchContext } from '../context.ts'
import { prices } from '../prices.ts'
import { psqlCopy, writeCopyFiles } from '../psql.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { checkTable, emptyTable, TEXT_TABLE } from '../table.ts'

const BATCH = 20_000

/** Records in memory → table, by TimescaleClient, against psql's \copy on as many connections. */
export async function batchToTable({ store, folder, records, rounds, note }: BenchContext): Promise<string> {
  const all = [...prices(records)]
  const sections: string[] = []
  for (const connections of [1, 2]) {
    const files = await writeCopyFiles(folder, records, connections)
    const onEmpty = (run: () => Promise<number>, table?: string) => async () => {
      await emptyTable(store)
      const ms = await run()
      await checkTable(store, records, table)
      return ms
    }
    const timings = await interleave(
      {
        'psql \\copy text': onEmpty(() => psqlCopy(store.url, files), TEXT_TABLE),
        'TimescaleClient.upsert, new keys': onEmpty(() => upsert(store, all, connections)),
        // The table is full of the same keys by now.
        'TimescaleClient.upsert, every key there': () => upsert(store, all, connections),
      },
      rounds,
      note,
    )
    const title = `Batch → table, ${records.toLocaleString('en')} prices, ${connections} connection${connections > 1 ? 's' : ''}`
    sections.push(markdown(title, 'rows/s', summarise(timings, records, 'psql \\copy text')))
  }
  return sections.join('\n\n')
}

async function upsert(store: Store, records: readonly Price[], connections: number): Promise<number> {
  const started = performance.now()
  let next = 0
  const worker = async () => {
    while (next < records.length) {
      const batch = records.slice(next, next + BATCH)
      next += BATCH
      const { failed } = await store.timescale.upsert(priceType, batch)
      if (failed[0]) throw failed[0].error
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return performance.now() - started
}
