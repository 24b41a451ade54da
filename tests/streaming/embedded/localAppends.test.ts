import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type EncodedBatch, encodedBatch, silentLogger } from '../../../lib/src/base/types/index.ts'
import type { Appended } from '../../../lib/src/streaming/embedded/append/appended.ts'
import { Cursor } from '../../../lib/src/streaming/embedded/read/Cursor.ts'
import { ReadAhead } from '../../../lib/src/streaming/embedded/read/ReadAhead.ts'
import { Collector, numbered, readAll, topicFor } from '../../contracts/stream/collector.ts'
import { testDatabase } from '../../support/database.ts'
import { SHRINKS } from '../../support/shrinks.ts'
import { openLog } from './openLog.ts'

const { url } = await testDatabase()
const partition = { id: 1, topicId: 1, topic: 'a', partition: 0 }

const batch = (from: bigint, count: number): EncodedBatch =>
  encodedBatch(
    'a',
    0,
    Array.from({ length: count }, (_, i) => ({ offset: from + BigInt(i), key: null, value: Buffer.from('x'), timestamp: 0 })),
  )
const appended = (baseOffset: bigint, count: number): Appended => ({
  bytes: Buffer.alloc(0),
  run: { baseOffset, count, baseTimestamp: 0, end: 0 },
})
const taken = (cursor: Cursor): bigint[] => {
  const offsets: bigint[] = []
  for (let one = cursor.take(); one; one = cursor.take()) for (let i = 0; i < one.length; i++) offsets.push(one.offset(i))
  return offsets
}
const offer = (cursor: Cursor, base: bigint, count: number) =>
  cursor.offer(appended(base, count), (from) => [batch(from, Number(base - from) + count)])
/** A cursor that has read everything up to the offset. */
function caughtUp(offset: bigint): Cursor {
  const cursor = new Cursor(partition, offset)
  cursor.fetching()([], offset, false)
  return cursor
}

describe('a cursor gets an append of its own client', () => {
  test('without a fetch if it follows directly on the messages read', () => {
    const cursor = caughtUp(5n)
    offer(cursor, 5n, 2)
    offer(cursor, 7n, 1)
    expect([cursor.position, taken(cursor), cursor.hungry]).toEqual([8n, [5n, 6n, 7n], false])
  })

  test('by a fetch if there are messages between, if it has not caught up, or if it has an end', () => {
    const behind = caughtUp(5n)
    offer(behind, 6n, 1)
    expect([behind.position, behind.hungry]).toEqual([5n, true])
    const fresh = new Cursor(partition, 5n)
    offer(fresh, 5n, 1)
    expect([fresh.position, fresh.hungry]).toEqual([5n, true])
    const bounded = new Cursor(partition, 5n, 9n)
    bounded.fetching()([], 5n, false)
    offer(bounded, 5n, 1)
    expect([bounded.position, bounded.hungry]).toEqual([5n, true])
  })

  test('once, after the fetch during which it was appended, whether the fetch contains it or not', () => {
    const cursor = caughtUp(5n)
    const found = cursor.fetching()
    offer(cursor, 5n, 1)
    offer(cursor, 6n, 1)
    const meanwhile = found([batch(5n, 1)], 6n, false)
    for (const { run } of meanwhile) offer(cursor, run.baseOffset, run.count)
    offer(cursor, 6n, 1)
    expect([taken(cursor), cursor.hungry]).toEqual([[5n, 6n], false])
  })

  test('by a fetch if more appends came during one than are kept, or if the cursor was moved meanwhile', () => {
    const many = caughtUp(0n)
    const found = many.fetching()
    for (let i = 0n; i < 100n; i++) offer(many, i, 1)
    for (const { run } of found([], 0n, false)) offer(many, run.baseOffset, run.count)
    expect([taken(many), many.hungry]).toEqual([[], true])
    const moved = caughtUp(5n)
    const late = moved.fetching()
    offer(moved, 5n, 1)
    moved.seek(2n)
    expect(late([], 5n, false)).toEqual([])
    expect([moved.position, moved.hungry]).toEqual([2n, true])
  })
})

test('readers see every message once, in order, of every size and from every client', async () => {
  const [one, other] = [await openLog(url), await openLog(url)]
  const append = fc.record({
    by: fc.constantFrom(one, other),
    count: fc.integer({ min: 1, max: 5 }),
    value: fc.constantFrom('x', 'y'.repeat(40_000)),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(append, { minLength: 1, maxLength: 30 }), async (appends) => {
      const topic = await topicFor(one, 'handed', 2)
      const readers = [one, other].map((stream) => new Collector(stream.read({ topics: [topic], from: 'earliest' })))
      await Promise.all(
        appends.map(({ by, count, value }, n) =>
          by.append(
            topic,
            numbered(count).map((message) => ({ ...message, value: `${n} ${value}` })),
          ),
        ),
      )
      const total = appends.reduce((sum, { count }) => sum + count, 0)
      const kept = await readAll(other, topic)
      const byPartition = (seen: typeof kept) => Object.groupBy(seen, ({ partition: of }) => of)
      expect(kept).toHaveLength(total)
      for (const reader of readers) {
        await reader.count(total)
        expect(byPartition(reader.seen)).toEqual(byPartition(kept))
      }
    }),
    { ...SHRINKS, numRuns: 15 },
  )
})

test('adding a cursor with ready batches wakes a pending next()', async () => {
  const reader = new ReadAhead({ connections: {} as never, logger: silentLogger, maxBytes: 1 })
  onTestFinished(() => reader.close())
  const next = reader.next()
  const cursor = new Cursor(partition, 5n)
  cursor.fetching()([batch(5n, 2)], 7n, false)
  reader.add([cursor])
  expect((await next)?.offset(0)).toBe(5n)
})
