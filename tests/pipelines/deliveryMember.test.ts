import { describe, expect, test } from 'vitest'
import {
  damagedBatch,
  encodedBatch,
  price,
  QiError,
  trade,
  type WriteOptions,
  type WriteResult,
} from '../../lib/src/base/types/index.ts'
import { started, turn, until } from '../support/heldConsumer.ts'
import { aPrice, priceBatch } from '../support/heldSubscription.ts'

const tradeBatch = (offset: number) => {
  const wire = {
    ...{ coin_id: 'BTC/USDT', source: 'test', currency: 'usdt', origin: 'live', trade_id: `${offset}`, side: 'buy' },
    ...{ time: '2026-01-01T00:00:00Z', received_at: '2026-01-01T00:00:01Z', price: '1', amount: '2' },
  }
  const value = Buffer.from(trade.encode(trade.fromWire(wire)))
  return encodedBatch(trade.topic, 0, [{ offset: BigInt(offset), key: null, value, timestamp: 0 }])
}

describe('DeliveryMember', () => {
  test('stores the records that it reads, in order within a partition, and commits the offsets after them', async () => {
    const { subscription, sink, finish, consumer } = started()
    subscription.give(priceBatch(0, 0, 3), priceBatch(1, 10, 2), priceBatch(0, 3, 2))
    await until(() => sink.coins.length === 7)
    await finish()
    expect(sink.coins.filter((coin) => Number(coin.slice(5)) < 10)).toEqual([0, 1, 2, 3, 4].map((i) => `coin-${i}`))
    const last = new Map(subscription.committed.map((p) => [p.partition, p.offset]))
    expect(last).toEqual(
      new Map([
        [0, 5n],
        [1, 12n],
      ]),
    )
    expect(consumer.stats()).toMatchObject({ state: 'stopped', read: 7, written: 7, deadLettered: 0, waiting: 0 })
    expect(subscription.closed).toBe(true)
  })

  test('acknowledges only after the sink has settled', async () => {
    const { subscription, sink, finish } = started()
    const gate = Promise.withResolvers<void>()
    sink.before = () => gate.promise
    subscription.give(priceBatch(0, 0, 1))
    await until(() => subscription.pulled === 1)
    await turn()
    expect(subscription.committed).toEqual([])
    gate.resolve()
    await finish()
    expect(sink.coins).toEqual(['coin-0'])
    expect(subscription.committed).toMatchObject([{ offset: 1n }])
  })

  test('damaged bytes become one dead letter with their place, are acknowledged in order, and show in the stats', async () => {
    const { subscription, sink, letters, finish, consumer } = started()
    const damage = { topic: price.topic, partition: 0, firstOffset: 3n, nextOffset: 500n, appendedAt: 1000 }
    subscription.give(
      priceBatch(0, 0, 3),
      damagedBatch({ ...damage, bytes: Buffer.from([1, 255, 3]), damage: 'its checksum is wrong' }),
      priceBatch(0, 500, 2),
    )
    await until(() => sink.coins.length === 5)
    await finish()
    const reason = 'crypto-prices partition 0, offsets 3 to 499: damaged and cannot be read: its checksum is wrong'
    expect(letters).toEqual([
      {
        ...{ topic: price.topic, partition: 0, offset: 3n, lastOffset: 499n, stage: 'read', reason, attempts: 1, key: null },
        value: Buffer.from([1, 255, 3]),
      },
    ])
    expect(subscription.committed.at(-1)).toMatchObject({ partition: 0, offset: 502n })
    const { damage: shown, ...stats } = consumer.stats()
    expect(stats).toMatchObject({ read: 5, written: 5, deadLettered: 1, waiting: 0 })
    expect(shown?.error.message).toBe(reason)
  })

  test('a bad record becomes a dead letter with its original bytes, reason and place, and the others are written', async () => {
    const { subscription, sink, letters, finish, consumer } = started()
    const bytes = '{"coin_id":"coin-2","price":7}'
    subscription.give(priceBatch(3, 0, 5, { 2: bytes }))
    sink.failing = (record) => (record.coinId === 'coin-4' ? new QiError('BAD_DATA', 'no room for it') : undefined)
    await until(() => sink.coins.length === 3)
    await finish()
    expect(sink.coins).toEqual(['coin-0', 'coin-1', 'coin-3'])
    expect(letters.map((letter) => [letter.offset, letter.reason.split(':')[0], letter.stage, letter.partition])).toEqual([
      [2n, 'price', 'store', 3],
      [4n, 'no room for it', 'store', 3],
    ])
    expect(Buffer.from(letters[0]?.value as Uint8Array).toString()).toBe(bytes)
    expect(subscription.committed.at(-1)?.offset).toBe(5n)
    expect(consumer.stats()).toMatchObject({ written: 3, deadLettered: 2 })
  })

  test('while a sink is down it retries the write, stops reading, shows `retrying`, and loses nothing', async () => {
    const { subscription, sink, consumer, finish } = started({ maxBytes: 1, lanes: 1 })
    let down = true
    sink.before = async () => {
      if (down) throw new QiError('UNAVAILABLE', 'the database is down')
    }
    subscription.give(...Array.from({ length: 10 }, (_, i) => priceBatch(0, i, 1)))
    await until(() => consumer.stats().state === 'retrying')
    expect(consumer.stats().trouble?.error.message).toBe('the database is down')
    // One that is written, one that found the intake full, and one whose read paused its partition.
    expect(subscription.pulled).toBeLessThanOrEqual(3)
    down = false
    await until(() => sink.coins.length === 10)
    await finish()
    expect(sink.coins).toEqual(Array.from({ length: 10 }, (_, i) => `coin-${i}`))
    expect(consumer.stats().trouble).toBeUndefined()
  })

  test('a topic that cannot be written delays no other, whatever room and lanes it takes, and is written later', async () => {
    const { subscription, sink, consumer, finish } = started({ maxBytes: 1, lanes: 2, maxRecords: 1 })
    let down = true
    sink.before = async ([record]) => {
      if (down && record?.coinId !== undefined && !('tradeId' in record)) throw new QiError('TIMEOUT', 'crypto_prices is locked')
    }
    for (let i = 0; i < 6; i++) {
      subscription.give(priceBatch(0, i, 1), priceBatch(1, 100 + i, 1), priceBatch(2, 200 + i, 1))
      subscription.give(tradeBatch(i))
    }
    const tradesOf = () => subscription.committed.filter(({ topic }) => topic === trade.topic).at(-1)?.offset
    await until(() => tradesOf() === 6n)
    expect(consumer.stats()).toMatchObject({ state: 'retrying', trouble: { error: { message: 'crypto_prices is locked' } } })
    expect(subscription.committed.some(({ topic }) => topic === price.topic)).toBe(false)
    down = false
    await until(() => consumer.stats().written === 24)
    await finish()
    expect(consumer.stats()).toMatchObject({ state: 'stopped', read: 24, written: 24, waiting: 0 })
    const prices = sink.writes.flat().filter((record) => !('tradeId' in record))
    for (const first of [0, 100, 200])
      expect(prices.map(({ coinId }) => Number(coinId.slice(5))).filter((n) => n >= first && n < first + 100)).toEqual(
        Array.from({ length: 6 }, (_, i) => first + i),
      )
  })

  test('a lane is at most one write ahead of its commit', async () => {
    const { subscription, sink, finish } = started({ lanes: 1, maxRecords: 1 })
    const gate = Promise.withResolvers<void>()
    subscription.beforeCommit = () => gate.promise
    subscription.give(...Array.from({ length: 10 }, (_, i) => priceBatch(0, i, 1)))
    for (let i = 0; i < 50; i++) await turn()
    expect(sink.writes.length).toBe(2)
    gate.resolve()
    await until(() => sink.writes.length === 10)
    await finish()
    expect(subscription.committed.at(-1)?.offset).toBe(10n)
  })

  test('waiting batches of partitions that are no longer assigned are not written, and their offsets not committed', async () => {
    const { subscription, sink, consumer, finish } = started({ lanes: 1, maxRecords: 1 })
    const gate = Promise.withResolvers<void>()
    let writing = false
    sink.before = () => {
      writing = true
      return gate.promise
    }
    subscription.give(priceBatch(0, 0, 1), priceBatch(0, 1, 1), priceBatch(1, 2, 1))
    await until(() => writing && subscription.pulled === 3)
    subscription.holds = ({ partition }) => partition === 1
    gate.resolve()
    await until(() => sink.coins.length === 2)
    await finish()
    expect(sink.coins).toEqual(['coin-0', 'coin-2'])
    expect(subscription.committed).toMatchObject([{ partition: 1, offset: 3n }])
    expect(consumer.stats()).toMatchObject({ written: 2, waiting: 0 })
  })

  test('a failed commit is retried', async () => {
    const { subscription, sink, finish } = started()
    let failures = 2
    subscription.beforeCommit = async () => {
      if (failures-- > 0) throw new QiError('UNAVAILABLE', 'no broker')
    }
    subscription.give(priceBatch(0, 0, 1))
    await until(() => sink.coins.length === 1)
    await finish()
    expect(subscription.committed).toMatchObject([{ offset: 1n }])
  })

  test('on stop it writes the records that it has read, then leaves the group', async () => {
    const { subscription, sink, running, finish } = started({ lanes: 1, maxRecords: 1 })
    const gate = Promise.withResolvers<void>()
    sink.before = () => gate.promise
    subscription.give(priceBatch(0, 0, 1), priceBatch(0, 1, 1), priceBatch(0, 2, 1))
    await until(() => subscription.pulled === 3)
    const finished = finish()
    gate.resolve()
    await finished
    await running
    expect(sink.coins).toEqual(['coin-0', 'coin-1', 'coin-2'])
    expect(subscription.committed.at(-1)?.offset).toBe(3n)
  })

  test('a sink that stays down holds up a stop for the drain time at most; nothing is acknowledged', async () => {
    const { subscription, sink, consumer, finish } = started({ drainMs: 1 })
    sink.before = async () => {
      throw new QiError('UNAVAILABLE', 'down')
    }
    subscription.give(priceBatch(0, 0, 1))
    await until(() => consumer.stats().state === 'retrying')
    await finish()
    expect(subscription.committed).toEqual([])
  })

  test('records that were replayed for another destination are acknowledged and not written', async () => {
    const { subscription, sink, consumer, finish } = started()
    const message = (offset: number, group?: string) => ({
      ...{ offset: BigInt(offset), key: null, value: Buffer.from(price.encode(aPrice(offset))), timestamp: 0 },
      ...(group !== undefined && { headers: { for: group } }),
    })
    subscription.give(
      encodedBatch(price.topic, 0, [message(0), message(1, 'qicore-test-held'), message(2, 'qicore-test'), message(3)]),
      encodedBatch(price.topic, 1, [message(4, 'qicore-other')]),
    )
    await until(() => subscription.committed.length >= 2)
    await finish()
    expect(sink.coins.sort()).toEqual(['coin-0', 'coin-1', 'coin-3'])
    expect(new Map(subscription.committed.map((p) => [p.partition, p.offset]))).toEqual(
      new Map([
        [0, 4n],
        [1, 5n],
      ]),
    )
    expect(consumer.stats()).toMatchObject({ read: 5, written: 3, deadLettered: 0 })
  })

  test('a second run while it runs is refused; after a stop it can run again', async () => {
    const { consumer, finish } = started()
    await until(() => consumer.stats().state === 'running')
    await expect(consumer.run(new AbortController().signal)).rejects.toThrow('consumer test/held runs already')
    await finish()
    expect(consumer.stats().state).toBe('stopped')
    await consumer.run(AbortSignal.abort())
  })

  test('each record comes with its place; a sink with writeEncoded gets the batches as they were read', async () => {
    const places: unknown[] = []
    const { subscription, finish, consumer } = started({}, async (sink) =>
      Object.assign(sink, {
        write: async (_type: unknown, records: readonly unknown[], options: WriteOptions) => {
          places.push(...records.map((_, index) => options.placeOf?.(index)))
          return { written: records.length, failed: [] }
        },
      }),
    )
    subscription.give(priceBatch(2, 7, 1), priceBatch(2, 9, 2, { 9: 'broken' }))
    await until(() => consumer.stats().written === 2)
    await finish()
    expect(places).toEqual([
      { topic: price.topic, partition: 2, offset: 7n },
      { topic: price.topic, partition: 2, offset: 10n },
    ])
    const taken: number[][] = []
    const fast = started({ lanes: 1 }, async (sink) =>
      Object.assign(sink, {
        writeEncoded: async (_type: unknown, batches: readonly { length: number }[]): Promise<WriteResult> => {
          taken.push(batches.map((batch) => batch.length))
          const error = new QiError('BAD_DATA', 'refused in encoded form')
          const total = batches.reduce((sum, { length }) => sum + length, 0)
          return { written: total - 1, failed: batches.at(-1)?.length === 3 ? [{ index: total - 2, error }] : [] }
        },
      }),
    )
    fast.subscription.give(priceBatch(0, 1, 2), priceBatch(1, 5, 3))
    await until(() => fast.letters.length === 1)
    await fast.finish()
    expect(taken.flat().sort()).toEqual([2, 3])
    expect(fast.letters).toMatchObject([{ partition: 1, offset: 6n, reason: 'refused in encoded form' }])
  })
})
