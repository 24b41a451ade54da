import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EncodedBatch, encodedBatch } from '../../lib/src/base/types/index.ts'
import { Intake } from '../../lib/src/streaming/pipelines/member/Intake.ts'
import { VirtualClock } from '../support/virtualClock.ts'

const limits = { lanes: 2, maxRecords: 100, maxWriteBytes: 1_000_000, fewRecords: 0, maxBytes: 1_000_000 }
const batch = (topic: string, partition: number, offset: number, count = 1): EncodedBatch =>
  encodedBatch(
    topic,
    partition,
    Array.from({ length: count }, (_, i) => ({ offset: BigInt(offset + i), key: null, value: Buffer.from('x'), timestamp: 0 })),
  )

describe('Intake', () => {
  test('never hands out two takes of one partition at once, keeps their order, loses none', async () => {
    const places = fc.array(fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.integer({ min: 0, max: 2 }) }), {
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 4 }), async (order, lanes) => {
        const intake = new Intake({ ...limits, lanes, maxRecords: 3 }, () => true)
        const offsets = new Map<string, number>()
        const given = order.map(({ topic, partition }) => {
          const place = `${topic}/${partition}`
          const offset = offsets.get(place) ?? 0
          offsets.set(place, offset + 1)
          return batch(topic, partition, offset)
        })
        const busy = new Set<string>()
        const seen = new Map<string, bigint[]>()
        const lane = async () => {
          for (let taken = await intake.take(); taken; taken = await intake.take()) {
            expect(new Set(taken.map((b) => b.topic)).size).toBe(1)
            const mine = new Set(taken.map((b) => `${b.topic}/${b.partition}`))
            for (const place of mine) {
              expect(busy.has(place)).toBe(false)
              busy.add(place)
            }
            await new Promise(setImmediate)
            for (const b of taken)
              seen.set(`${b.topic}/${b.partition}`, [...(seen.get(`${b.topic}/${b.partition}`) ?? []), b.firstOffset])
            for (const place of mine) busy.delete(place)
            intake.done(taken)
          }
        }
        const running = Promise.all(Array.from({ length: lanes }, lane))
        for (const b of given) await intake.put(b)
        intake.end()
        await running
        for (const [place, count] of offsets) expect(seen.get(place)).toEqual(Array.from({ length: count }, (_, i) => BigInt(i)))
        expect(intake.depth).toBe(0)
      }),
    )
  })

  test('a take leaves the other lanes their share of the partitions, whoever comes first', async () => {
    const places = (batches: readonly EncodedBatch[] | undefined) => batches?.map((b) => `${b.topic}/${b.partition}`)
    const intake = new Intake({ ...limits, lanes: 2 }, () => true)
    for (let partition = 0; partition < 5; partition++) await intake.put(batch('a', partition, 0, 10))
    const first = (await intake.take()) ?? []
    const second = (await intake.take()) ?? []
    expect([places(first), places(second)]).toEqual([
      ['a/0', 'a/1', 'a/2'],
      ['a/3', 'a/4'],
    ])
    for (let partition = 0; partition < 5; partition++) await intake.put(batch('a', partition, 10, 10))
    intake.done(first)
    expect(places(await intake.take())).toEqual(['a/0', 'a/1', 'a/2'])
  })

  test('a take of few records takes them all', async () => {
    const intake = new Intake({ ...limits, lanes: 2, fewRecords: 20 }, () => true)
    await intake.put(batch('a', 0, 0, 10))
    await intake.put(batch('a', 1, 0, 9))
    expect((await intake.take())?.map((b) => b.partition)).toEqual([0, 1])
  })

  test('an idle lane takes few records at once, those of one turn of the event loop together; after a write of 3 ms they gather for 3 ms', async () => {
    const clock = new VirtualClock()
    const intake = new Intake({ ...limits, fewRecords: 20 }, () => true, clock)
    const first = intake.take()
    await intake.put(batch('a', 0, 0))
    await intake.put(batch('a', 1, 0))
    const written = (await first) ?? []
    expect([clock.now(), written.length]).toEqual([0, 2])
    await intake.put(batch('a', 0, 1))
    await clock.run(clock.sleep(3))
    intake.done(written)
    await intake.put(batch('a', 1, 1))
    const second = (await clock.run(intake.take())) ?? []
    expect([clock.now(), second.length]).toEqual([6, 2])
  })

  test('enough records for a write do not wait, and neither do records of another topic', async () => {
    const clock = new VirtualClock()
    const intake = new Intake({ ...limits, fewRecords: 20 }, () => true, clock)
    await intake.put(batch('a', 0, 0))
    await intake.take()
    await intake.put(batch('a', 1, 0, 19))
    await intake.put(batch('b', 0, 0))
    expect((await intake.take())?.map((b) => b.topic)).toEqual(['b'])
    await intake.put(batch('a', 2, 0))
    expect((await intake.take())?.map((b) => b.partition)).toEqual([1, 2])
    expect(clock.now()).toBe(0)
  })

  test('during a write of more than 5 ms the next lane takes the records that arrive', async () => {
    const clock = new VirtualClock()
    const intake = new Intake({ ...limits, fewRecords: 20 }, () => true, clock)
    await intake.put(batch('a', 0, 0))
    await intake.take()
    await intake.put(batch('a', 1, 0))
    await clock.run(intake.take())
    expect(clock.now()).toBe(5)
  })

  test('looks at one batch of a taken partition, however many wait', async () => {
    let asked = 0
    const intake = new Intake(limits, () => {
      asked++
      return true
    })
    await intake.put(batch('a', 0, 0))
    await intake.take()
    const waiting = intake.take()
    asked = 0
    for (let offset = 1; offset <= 1000; offset++) {
      await intake.put(batch('a', 0, offset))
      await new Promise(setImmediate)
    }
    expect(asked).toBeLessThanOrEqual(1000)
    intake.end({ drop: true })
    expect(await waiting).toBeUndefined()
  })

  test('put waits while it is full', async () => {
    const intake = new Intake({ ...limits, maxBytes: 10 }, () => true)
    let entered = false
    const put = intake.put(batch('a', 0, 0, 10)).then(() => {
      entered = true
    })
    await new Promise(setImmediate)
    expect(entered).toBe(false)
    const taken = await intake.take()
    await new Promise(setImmediate)
    expect(entered).toBe(false)
    intake.done(taken ?? [])
    await put
    expect(entered).toBe(true)
  })

  test('ending with drop forgets the batches that wait', async () => {
    const intake = new Intake(limits, () => true)
    await intake.put(batch('a', 0, 0))
    intake.end({ drop: true })
    expect(await intake.take()).toBeUndefined()
  })

  test('drops waiting batches of partitions that are no longer assigned, and has room again', async () => {
    const lost = new Set<EncodedBatch>()
    const intake = new Intake({ ...limits, maxBytes: 10 }, (b) => !lost.has(b))
    const [first, second, third] = [batch('a', 0, 0, 5), batch('a', 0, 5, 3), batch('a', 1, 0, 2)]
    await intake.put(first)
    const taken = (await intake.take()) ?? []
    await intake.put(second)
    const put = intake.put(third)
    lost.add(first).add(second)
    expect(await intake.take()).toEqual([third])
    await put
    expect([intake.depth, intake.full]).toEqual([7, false])
    intake.done(taken)
    intake.done([third])
    expect(intake.depth).toBe(0)
  })

  test('is open, then draining, then finished; other transitions throw', async () => {
    const intake = new Intake(limits, () => true)
    const only = batch('a', 0, 0)
    await intake.put(only)
    expect(intake.state).toBe('open')
    expect(() => intake.done([only])).toThrow('done was called for a/0, of which nothing is taken')
    intake.hold('a')
    expect(() => intake.hold('a')).toThrow('topic a is held already')
    intake.release('a')
    expect(() => intake.release('a')).toThrow('topic a is not held')
    intake.end()
    expect(intake.state).toBe('draining')
    const taken = (await intake.take()) ?? []
    expect(intake.state).toBe('finished')
    intake.done(taken)
    expect(() => intake.done(taken)).toThrow('nothing is taken')
    await intake.put(batch('a', 0, 1))
    expect([intake.state, intake.depth, await intake.take()]).toEqual(['finished', 0, undefined])
  })
})
