import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { price as priceType, type Stream } from '../lib/src/base/types/index.ts'
import { openEngines } from './engines.ts'
import { prices } from './prices.ts'

const BATCH = 10_000

/** Fills an empty topic of prices in a process of its own, so that the memory of the one that reads is its own too. */
export async function fillTopic(stream: Stream, folder: string, records: number): Promise<void> {
  await stream.deleteTopics([priceType.topic])
  await stream.createTopics([priceType.topic])
  const child = spawn(process.execPath, [import.meta.filename, folder, String(records)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`filling the topic ended with code ${code}`)
}

if (process.argv[1] === import.meta.filename) {
  const [folder = '', records = '0'] = process.argv.slice(2)
  await using engines = await openEngines(folder)
  let batch: { key: string; value: string }[] = []
  for (const price of prices(Number(records))) {
    batch.push({ key: priceType.messageKey(price), value: priceType.encode(price) })
    if (batch.length < BATCH) continue
    await engines.stream.append(priceType.topic, batch)
    batch = []
  }
  if (batch.length > 0) await engines.stream.append(priceType.topic, batch)
}
