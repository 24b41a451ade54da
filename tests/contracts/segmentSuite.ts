import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type EncodedBatch,
  encodedBatch,
  type Position,
  type Price,
  price,
  type RecordType,
  type SegmentSink,
} from '../../lib/src/base/types/index.ts'
import { laterValue } from '../support/laterRecords.ts'

export interface SegmentSinkUnderTest {
  /** A sink on the target of the test, which is empty at first; another call opens the same target again, as after a crash. */
  open(): Promise<SegmentSink>
  /** Prices held by the target, in any order. */
  prices(): Promise<readonly string[]>
  /** Empties the target. */
  empty(): Promise<void>
}

const type = price as unknown as RecordType

/** Contract of every segment sink. */
export function segmentSuite(name: string, { open, prices, empty }: SegmentSinkUnderTest): void {
  const fresh = async () => {
    await empty()
    const sink = await open()
    return { sink, writer: await sink.openLane({ index: 0 }) }
  }

  describe(`${name} keeps the contract of a segment sink`, () => {
    test('no record is visible before the seal; then all are, and the positions may be acknowledged', async () => {
      const { sink, writer } = await fresh()
      expect(writer.due(Date.now())).toBeUndefined()
      expect(await writer.add(type, batchOf(0, 0, 3))).toEqual([])
      expect(await writer.add(type, batchOf(1, 10, 2))).toEqual([])
      expect(await prices()).toEqual([])
      expect(sortedPositions(await writer.seal(new AbortController().signal))).toEqual([
        { topic: price.topic, partition: 0, offset: 3n },
        { topic: price.topic, partition: 1, offset: 12n },
      ])
      expect([...(await prices())].sort()).toEqual(['1.5', '11.5', '12.5', '2.5', '3.5'])
      expect(writer.due(Number.MAX_SAFE_INTEGER)).toBeUndefined()
      expect(await writer.seal(new AbortController().signal)).toEqual([])
      expect(await prices()).toHaveLength(5)
      await writer[Symbol.asyncDispose]()
      await sink.close()
    })

    test('a segment that is old enough is due', async () => {
      const { sink, writer } = await fresh()
      await writer.add(type, batchOf(0, 0, 1))
      expect(writer.due(Number.MAX_SAFE_INTEGER)).toBe('age')
      await sink.close()
    })

    test('dropped records are not sealed, and their partition starts over', async () => {
      const { sink, writer } = await fresh()
      await writer.add(type, batchOf(0, 0, 3))
      await writer.add(type, batchOf(1, 0, 1))
      writer.drop([{ topic: price.topic, partition: 0 }])
      expect(await writer.seal(new AbortController().signal)).toMatchObject([{ partition: 1, offset: 1n }])
      await writer.add(type, batchOf(0, 1, 1))
      expect(await writer.seal(new AbortController().signal)).toMatchObject([{ partition: 0, offset: 2n }])
      expect([...(await prices())].sort()).toEqual(['1.5', '2.5'])
      await sink.close()
    })

    test('one record that it cannot take costs no other', async () => {
      const { sink, writer } = await fresh()
      expect(await writer.add(type, batchOf(0, 0, 3, { 1: 'no record' }))).toMatchObject([
        { index: 1, error: { code: 'BAD_DATA' } },
      ])
      expect(await writer.seal(new AbortController().signal)).toMatchObject([{ offset: 3n }])
      expect(await prices()).toHaveLength(2)
      await sink.close()
    })

    test('a field of a later version costs a record nothing', async () => {
      const { sink, writer } = await fresh()
      expect(await writer.add(type, batchOf(0, 0, 3, { 1: laterValue(price.toWire(priceOf(1))) }))).toEqual([])
      expect(await writer.seal(new AbortController().signal)).toMatchObject([{ offset: 3n }])
      expect([...(await prices())].sort()).toEqual(['1.5', '2.5', '3.5'])
      await sink.close()
    })

    test('check exercises the real path, close may be called twice', async () => {
      const { sink } = await fresh()
      expect(await sink.check()).toMatchObject({ ok: true })
      await sink.close()
      await sink.close()
    })

    test('writers that are killed, fenced and revived at any moment lose nothing and leave nothing twice', async () => {
      const sink = await open()
      if (sink.guarantee !== 'exactly_once') return
      const steps = fc.array(fc.tuple(fc.constantFrom('read', 'read', 'seal', 'kill', 'fence'), fc.nat(3)), { maxLength: 60 })
      await fc.assert(
        fc.asyncProperty(steps, async (order) => {
          await empty()
          const total = 40
          let committed = 0
          const start = async () => ({ at: committed, writer: await (await open()).openLane({ index: 0 }) })
          // The last of them holds the partition; the others are zombies, which may still seal and may not acknowledge.
          const writers = [await start()]
          const holder = () => writers.at(-1) as Awaited<ReturnType<typeof start>>
          const read = async (one: Awaited<ReturnType<typeof start>>) => {
            if (one.at >= total) return
            const count = Math.min(3, total - one.at)
            await one.writer.add(type, batchOf(0, one.at, count))
            one.at += count
          }
          const seal = async (one: Awaited<ReturnType<typeof start>>) => {
            const [position] = await one.writer.seal(new AbortController().signal)
            if (position && one === holder()) committed = Number(position.offset)
          }
          for (const [step, which] of order) {
            const one = writers[which % writers.length] as Awaited<ReturnType<typeof start>>
            if (step === 'read') await read(one)
            else if (step === 'seal') await seal(one)
            else {
              if (step === 'kill') writers.pop()
              writers.push(await start())
            }
          }
          while (committed < total) {
            await read(holder())
            if (holder().at >= total) await seal(holder())
          }
          const all = Array.from({ length: total }, (_, i) => `${i + 1}.5`).sort()
          expect([...(await prices())].sort()).toEqual(all)
        }),
        { numRuns: 60 },
      )
    })
  })
}

const COINS = 3

function batchOf(partition: number, first: number, count: number, broken: Readonly<Record<number, string>> = {}): EncodedBatch {
  return encodedBatch(
    price.topic,
    partition,
    Array.from({ length: count }, (_, i) => ({
      offset: BigInt(first + i),
      key: null,
      value: Buffer.from(broken[first + i] ?? price.encode(priceOf(first + i))),
      timestamp: 0,
    })),
  )
}

const priceOf = (offset: number): Price =>
  price.fromWire({
    coin_id: `coin-${offset % COINS}`,
    source: 'test',
    time: '2026-01-01T00:00:00Z',
    received_at: '2026-01-01T00:00:01Z',
    origin: 'live',
    currency: 'usd',
    price: `${offset + 1}.5`,
  })

const sortedPositions = (positions: readonly Position[]): Position[] => positions.toSorted((a, b) => a.partition - b.partition)
