import { price as priceType } from '../../lib/src/base/types/index.ts'
import { LANES, startConsumer } from '../consume.ts'
import type { BenchContext } from '../context.ts'
import { fillTopic } from '../fill.ts'
import { older } from '../prices.ts'
import { psqlCopy, writeCopyFiles } from '../psql.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { byName, byNumber, checksum, emptyTable, TABLE, TEXT_TABLE } from '../table.ts'
import { watchArrival } from './arrival.ts'
import type { Peer } from './peer.ts'

/**
 * One topic → one table by a peer, into a table keyed by names, and by the consumer in turn: once into the empty table, once where every key is there with
 * older values. The consumer is counted from its start, before it joins its group; the peer from the first row of it that can be
 * seen, so that its start and its first batch cost it nothing. Both end when the last row can be seen. After each round the
 * table must hold exactly what psql's \copy of the same records makes.
 */
export async function besidePeer(context: BenchContext, peer: Peer): Promise<string> {
  const { store, stream, folder, records, rounds, note } = context
  await fillTopic(stream, folder, records)
  await emptyTable(store)
  await psqlCopy(store.url, await writeCopyFiles(folder, records, LANES))
  const expected = await checksum(store, TEXT_TABLE)
  const olderFiles = await Promise.all(
    [byName, await byNumber(store)].map((target) => writeCopyFiles(folder, records, LANES, target, older)),
  )
  await using arrivalAtPeer = watchArrival(store, records, TEXT_TABLE)
  await using arrival = watchArrival(store, records, TABLE)

  const empty = () => emptyTable(store)
  const full = async () => {
    await emptyTable(store)
    for (const files of olderFiles) await psqlCopy(store.url, files)
    await store.pool.query(`vacuum analyze crypto_prices_rows, ${TEXT_TABLE}`)
    await store.pool.query('checkpoint')
  }
  const checked = (prepare: () => Promise<void>, drain: () => Promise<number>, table: string) => async () => {
    await prepare()
    const ms = await drain()
    const found = await checksum(store, table)
    if (found !== expected) throw new Error(`${table} holds ${found}, expected ${expected}`)
    return ms
  }
  const byPeer = async () => {
    const run = await peer.start(priceType.topic)
    try {
      await Promise.race([arrivalAtPeer.first(), run.failed])
      const started = performance.now()
      return (await Promise.race([arrivalAtPeer.last(), run.failed])) - started
    } finally {
      await run.stop()
    }
  }
  let group = 0
  const byConsumer = async () => {
    const started = performance.now()
    const consumer = await startConsumer(store, stream, `beside-${process.pid}-${group++}`)
    const ended = await Promise.race([arrival.last(), consumer.failed])
    await consumer.stop()
    return ended - started
  }

  const sections: string[] = []
  for (const [state, prepare] of [
    ['new keys', empty],
    ['every key an upsert', full],
  ] as const) {
    const contenders = {
      [peer.name]: checked(prepare, byPeer, TEXT_TABLE),
      'stream → table': checked(prepare, byConsumer, TABLE),
    }
    const timings = await interleave(contenders, rounds, (line) => note(`${state}, ${line}`))
    const title = `Stream → table beside ${peer.name}, ${records.toLocaleString('en')} prices, ${LANES} connections: ${state}`
    sections.push(markdown(title, 'rows/s', summarise(timings, records, peer.name)))
  }
  return sections.join('\n\n')
}
