import { once } from 'node:events'
import { price as priceType, type Store, type Stream, silentLogger } from '../../lib/src/base/index.ts'
import { CryptoDataConsumer, sinkDefinitions } from '../../lib/src/consumers/index.ts'
import { Consumer, DeadLetters } from '../../lib/src/streaming/index.ts'
import type { BenchContext } from '../main.ts'
import { prices } from '../prices.ts'
import { psqlCopy, writeCopyFiles } from '../psql.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { checkTable, emptyTable } from '../table.ts'

const LANES = 2

/** A filled topic → table, by the consumer runtime, against psql's \copy on as many connections. */
export async function streamToTable({ store, stream, folder, records, rounds, note }: BenchContext): Promise<string> {
  const files = await writeCopyFiles(folder, records, LANES)
  await fill(stream, records)
  let group = 0
  const drain = () => consume(store, stream, records, `bench-${process.pid}-${group++}`)
  const timings = await interleave(
    {
      'psql \\copy text': async () => {
        await emptyTable(store)
        const ms = await psqlCopy(store.url, files)
        await checkTable(store, records)
        return ms
      },
      'stream → table, new keys': async () => {
        await emptyTable(store)
        const ms = await drain()
        await checkTable(store, records)
        return ms
      },
      'stream → table, every key there': drain,
    },
    rounds,
    note,
  )
  const title = `Stream (${stream.engine}) → table, ${records.toLocaleString('en')} prices, ${LANES} connections`
  return markdown(title, 'rows/s', summarise(timings, records, 'psql \\copy text'))
}

async function fill(stream: Stream, records: number): Promise<void> {
  await stream.deleteTopics([priceType.topic])
  await stream.createTopics([priceType.topic])
  let batch: { key: string; value: string }[] = []
  for (const price of prices(records)) {
    batch.push({ key: priceType.messageKey(price), value: priceType.encode(price) })
    if (batch.length === 10_000) {
      await stream.append(priceType.topic, batch)
      batch = []
    }
  }
  if (batch.length > 0) await stream.append(priceType.topic, batch)
}

/** From joining the group to the last row stored; leaving the group is not counted. */
async function consume(store: Store, stream: Stream, records: number, group: string): Promise<number> {
  const sink = await sinkDefinitions.timescaledb?.open({}, { store, logger: silentLogger })
  const consumer = new Consumer({
    name: CryptoDataConsumer.name,
    group,
    topics: [priceType.topic],
    stream,
    sinks: sink ? [sink] : [],
    deadLetters: new DeadLetters(stream),
    logger: silentLogger,
    limits: { lanes: LANES },
  })
  const stop = new AbortController()
  const started = performance.now()
  const written = new EventTarget()
  const watch = setInterval(() => {
    if (consumer.stats().written >= records) written.dispatchEvent(new Event('all'))
  }, 1)
  const running = consumer.run(stop.signal)
  await Promise.race([once(written, 'all'), running])
  const ms = performance.now() - started
  clearInterval(watch)
  stop.abort()
  await running
  return ms
}
