import { expect, test } from 'vitest'
import { price, type RecordBatch, recordTypes, silentLogger } from '../../lib/src/base/types/index.ts'
import { CryptoDataPublisher } from '../../lib/src/publishers/index.ts'
import { SimulatedSource, simulated } from '../../lib/src/publishers/sources/simulated/index.ts'
import { DeadLetters, deadLetterJson, parseDeadLetters } from '../../lib/src/streaming/pipelines/index.ts'
import { openLog } from '../streaming/embedded/openLog.ts'
import { testDatabase } from '../support/database.ts'

const { url } = await testDatabase()

/** The simulated market with one invalid price. */
class SpoiltSource extends SimulatedSource {
  override async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    let spoilt = false
    for await (const batch of super[Symbol.asyncIterator]()) {
      const [first, ...rest] = batch.records
      const spoil: boolean = !spoilt && batch.type.name === 'price' && first !== undefined
      spoilt ||= spoil
      yield spoil ? { ...batch, records: [{ ...first, price: 'lots' }, ...rest] } : batch
    }
  }
}

test('on the embedded log: one bad record among 10,000 becomes a dead letter, is corrected and replayed', async () => {
  const stream = await openLog(url)
  const config = simulated.config.parse({ from: '2026-01-01T00:00:00Z', count: 10_000, candles: false, market: false })
  const publisher = new CryptoDataPublisher({
    source: new SpoiltSource({ config, logger: silentLogger }),
    stream,
    logger: silentLogger,
  })
  await publisher.run()
  expect(publisher.stats()).toMatchObject({ received: 10_010, published: 10_009, invalid: 1, inFlight: 0 })

  const deadLetters = new DeadLetters(stream)
  const entries = await deadLetters.list()
  expect(entries).toHaveLength(1)
  expect(entries[0]).toMatchObject({
    topic: 'crypto-prices',
    stage: 'publish',
    source: 'simulated',
    key: 'simulated:bitcoin',
    replayed: false,
  })
  expect(entries[0]?.reason).toContain('price "lots"')

  const exported = entries.map((entry) => JSON.stringify(deadLetterJson(entry))).join('\n')
  expect(await deadLetters.replay({ entries: parseDeadLetters(exported) })).toMatchObject({
    replayed: 0,
    refused: [{ index: 0 }],
  })
  const mended = parseDeadLetters(exported).map((entry) => ({ ...entry, value: entry.value.replace('"lots"', '"95000.5"') }))
  expect(await deadLetters.replay({ entries: mended })).toEqual({ replayed: 1, refused: [] })
  expect(await deadLetters.list({ pending: true })).toEqual([])
  expect(await deadLetters.list()).toMatchObject([{ replayed: true }])

  const seen = new Set<string>()
  for await (const batch of stream.read({ topics: [recordTypes.price.topic], from: 'earliest', untilEnd: true }))
    for (const { record } of batch.decode(price)) if (record) seen.add(`${record.coinId} ${record.time}`)
  expect(seen.size).toBe(10_000)
})
