import { LANES } from '../consume.ts'
import type { BenchContext } from '../context.ts'
import { startDrainer } from '../drainer.ts'
import { fillTopic } from '../fill.ts'
import { older } from '../prices.ts'
import { psqlCopy, writeCopyFiles } from '../psql.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { byName, byNumber, checkTable, emptyTable, TEXT_TABLE, withoutTriggers } from '../table.ts'

const BY_NAME = 'psql \\copy text, into a table keyed by names'

/**
 * A filled topic → table, by the consumer runtime, against psql's \copy on as many connections: into a table keyed by the records'
 * names, and into our own, whose numbers of series it knows and whose registry it does not keep.
 */
export async function streamToTable({ store, stream, folder, records, rounds, note }: BenchContext): Promise<string> {
  await fillTopic(stream, folder, records)
  const files = await writeCopyFiles(folder, records, LANES, byName)
  const numbered = await writeCopyFiles(folder, records, LANES, await byNumber(store))
  const olderFiles = await writeCopyFiles(folder, records, LANES, numbered.target, older)
  await using drainer = await startDrainer(folder)
  const drain = async () => {
    const ms = await drainer.drain(records)
    await checkTable(store, records)
    return ms
  }
  const timings = await interleave(
    {
      [BY_NAME]: async () => {
        await emptyTable(store)
        const ms = await psqlCopy(store.url, files)
        await checkTable(store, records, TEXT_TABLE)
        return ms
      },
      'psql \\copy text, into our table, numbers known': async () => {
        await emptyTable(store)
        const ms = await withoutTriggers(store, () => psqlCopy(store.url, numbered))
        await checkTable(store, records)
        return ms
      },
      'stream → table, new keys': async () => {
        await emptyTable(store)
        return drain()
      },
      'stream → table, every record delivered again': drain,
      'stream → table, every key an upsert': async () => {
        await emptyTable(store)
        await psqlCopy(store.url, olderFiles)
        await store.pool.query('checkpoint')
        return drain()
      },
    },
    rounds,
    note,
  )
  const title = `Stream (${stream.engine}) → table, ${records.toLocaleString('en')} prices, ${LANES} connections`
  const rows = summarise(timings, records, BY_NAME)
  return `${markdown(title, 'rows/s', rows)}\n\nMost memory of the process that drained: ${Math.round(drainer.megabytes)} MB.`
}
